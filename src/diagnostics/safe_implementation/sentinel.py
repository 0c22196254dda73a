"""A process that outlives the change: it undoes what nobody confirms, and what its maker left behind when it died.

``python -m diagnostics.safe_implementation.sentinel STORE CHANGE``; it ends when the change has ended.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from diagnostics.errors import ChangeError, ChangeLockedError
from diagnostics.model.change import ChangeState
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock
from diagnostics.safe_implementation.machine import SETTLED
from diagnostics.safe_implementation.recovery import life_of, recover
from diagnostics.safe_implementation.store import Store

_POLL_SECONDS = 0.5
#: The process that made the change undoes it first, for only it can undo its own variables and functions.
GRACE_SECONDS = 2.0


def start(store: Path, change_id: str) -> None:
    """Start the sentinel of a change, detached: it survives the end of this process and of its terminal."""
    subprocess.Popen(
        [sys.executable, "-m", __name__, str(store), change_id],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def watch(directory: Path, change_id: str, clock: Clock = SYSTEM_CLOCK) -> ChangeState | None:
    """Wait until a change has ended, and bring it back when it is overdue or its maker is gone; return its last state."""
    while (directory / "impl").is_dir():
        try:
            life = life_of(Store(directory), change_id)
        except ChangeError:
            return None  # corrupt or gone: a person has been told, or will be at the next start
        if life.state in SETTLED:
            return life.state
        if life.state is not ChangeState.UNCONFIRMED or life.facts["confirm_by"] <= _late(clock):
            try:
                # Held by the change itself while it runs; free when its process has died or waits for nobody.
                recover(directory, clock=clock)
            except ChangeLockedError:
                pass
        clock.sleep(_POLL_SECONDS)
    return None


def _late(clock: Clock) -> str:
    return (clock.now() - timedelta(seconds=GRACE_SECONDS)).isoformat()


if __name__ == "__main__":
    watch(Path(sys.argv[1]), sys.argv[2])
