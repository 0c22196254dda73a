"""Exit codes, in one place."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What the exit code of ``diagnose`` means."""

    OK = 0
    FOUND = 1
    USAGE = 2
    REFUSED = 3
    CHECK_UNKNOWN = 3  # `diagnose check` speaks the codes of monitoring plug-ins
    INCONCLUSIVE = 4
    ROLLED_BACK = 5
    ROLLBACK_FAILED = 6
    INTERRUPTED = 130


EXIT_CODES = {
    0: "healthy, or the step succeeded",
    1: "a root cause was found",
    2: "wrong usage or configuration",
    3: "refused by the iron law; the message names what is missing",
    4: "inconclusive: not enough evidence or no permission",
    5: "the fix failed and was rolled back",
    6: "the fix failed and the rollback failed too",
    130: "interrupted or declined; the session can be resumed",
}
