"""Keeps one program running, as supervisord and systemd do: starts it again a second after it ended, and says how it ended.

`python lab/supervisor.py NAME COMMAND …`
"""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
import time
from datetime import datetime

_PAUSE_SECONDS = 1.0
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def main() -> int:
    """Supervise until told to stop."""
    name, command = sys.argv[1], sys.argv[2:]
    child: subprocess.Popen[bytes] | None = None

    def stop(*_: object) -> None:
        if child is not None and child.poll() is None:
            child.terminate()
            try:
                child.wait(6)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        sys.exit(0)

    signal.signal(signal.SIGTERM, stop)
    while True:
        # Should the supervisor be killed, its program goes with it.
        child = subprocess.Popen(command, preexec_fn=_dies_with_us)  # noqa: PLW1509 - there are no threads here
        _say(f"INFO spawned: '{name}' with pid {child.pid}")
        status = child.wait()
        how = f"terminated by {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
        _say(f"WARN exited: {name} ({how}; not expected)")
        time.sleep(_PAUSE_SECONDS)


def _dies_with_us() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _say(text: str) -> None:
    now = datetime.now()
    print(f"{now:%Y-%m-%d %H:%M:%S},{now.microsecond // 1000:03d} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
