"""Every error that this package raises on purpose.

::

    DiagnosticsError
    ├── ConfigurationError          a wrong option or setting; lists the valid choices
    ├── PluginError                 not found, twice, or failed to load
    ├── MissingExtraError           also an ImportError; prints the command that installs it
    ├── ProbeError                  could not look; the runner turns it into an observation
    ├── DiagnosisIncompleteError    a solution before its diagnosis; names what is missing
    ├── SessionNotFoundError        no stored session of that name
    ├── ValidationFailedError       data checked by ``validate_data`` is not what was expected
    ├── DeliveryError               a receiver of alerts did not take one; retryable or not
    └── ChangeError                 a change could not be made or undone
        ├── SnapshotError           the state before could not be kept or proven; nothing was changed
        ├── ApplyError              the change itself failed; it was rolled back
        ├── VerificationError       the change did not help; it was rolled back
        ├── RollbackError           the way back failed; a person is needed
        ├── JournalError            the journal cannot be written or read
        └── ChangeLockedError       another change runs on the same store
"""

from __future__ import annotations

from collections.abc import Sequence


class DiagnosticsError(Exception):
    """Base of all errors of this package.

    Attributes:
        code: Stable identifier, for documentation and machines.
        hint: What a person can do next; empty when there is nothing.
    """

    code = "DIAG-0000"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message} {self.hint}" if self.hint else message


class ConfigurationError(DiagnosticsError):
    """An option or setting is wrong; never replaced by a default."""

    code = "DIAG-0100"


class PluginError(DiagnosticsError):
    """A plug-in was not found, exists twice, or failed to load."""

    code = "DIAG-0110"


class MissingExtraError(DiagnosticsError, ImportError):
    """A feature needs an optional dependency that is not installed."""

    code = "DIAG-0120"

    def __init__(self, extra: str, *, needed_for: str) -> None:
        super().__init__(
            f"{needed_for} needs the extra '{extra}', which is not installed.",
            hint=f"Install it with: pip install 'ultimate-diagnostics[{extra}]'",
        )
        self.extra = extra


class ProbeError(DiagnosticsError):
    """A probe could not look; the runner turns this into a ``ProbeFailure``."""

    code = "DIAG-0200"


class DiagnosisIncompleteError(DiagnosticsError):
    """The iron law: a solution was asked for before the diagnosis was complete.

    Attributes:
        missing: What is missing, in the order in which to get it.
        next_step: The command, call or experiment that would get the first of them.
        report: What was found so far, where the caller ran a whole session; None elsewhere.
    """

    code = "DIAG-0300"
    report: dict[str, object] | None = None

    def __init__(self, missing: Sequence[str], *, next_step: str) -> None:
        listed = "; ".join(missing)
        super().__init__(f"No solution without a completed diagnosis. Missing: {listed}.", hint=f"Next: {next_step}")
        self.missing = tuple(missing)
        self.next_step = next_step


class SessionNotFoundError(DiagnosticsError):
    """There is no stored session of that name."""

    code = "DIAG-0310"


class ValidationFailedError(DiagnosticsError, ValueError):
    """Data checked by ``validate_data`` is not what the caller declared."""

    code = "DIAG-0320"


class ChangeError(DiagnosticsError):
    """A change could not be made or undone."""

    code = "DIAG-0400"


class SnapshotError(ChangeError):
    """The state before the change could not be kept or proven; nothing was changed."""

    code = "DIAG-0410"


class ApplyError(ChangeError):
    """The change itself failed and was rolled back."""

    code = "DIAG-0420"


class VerificationError(ChangeError):
    """The change did not help and was rolled back."""

    code = "DIAG-0430"


class RollbackError(ChangeError):
    """The way back failed; the state is described and a person is needed."""

    code = "DIAG-0440"


class JournalError(ChangeError):
    """The journal cannot be written or read."""

    code = "DIAG-0450"


class ChangeLockedError(ChangeError):
    """Another change holds the lock of the same store."""

    code = "DIAG-0460"


class DeliveryError(DiagnosticsError):
    """A receiver did not take an alert.

    Attributes:
        retryable: Whether the same message may be taken later.
        retry_after: Seconds that the receiver asked to wait; None when it did not.
    """

    code = "DIAG-0500"

    def __init__(
        self, message: str, *, retryable: bool = True, retry_after: float | None = None, hint: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.retryable = retryable
        self.retry_after = retry_after
