"""Child processes that do not outlive us, not even when we are killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

# `read` returns at end of file: that is, when the process that holds the other end of the pipe is gone.
_GUARD = """
read -r line
[ "$line" = done ] && exit
kill -s "$1" "$2" 2>/dev/null
[ -z "$3" ] || { sleep 1; rm -rf -- "$3"; }
"""


class Child:
    """A process, its guard, and a way to end both."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        directory: Path,
        output: Path,
        user: str | None = None,
        last_signal: signal.Signals = signal.SIGKILL,
        leftover: Path | None = None,
    ) -> None:
        """Start `command` with its output appended to a file, as another user where one is named.

        `leftover` is a folder that goes with the process, should we die without having stopped it.
        """
        self.last_signal = last_signal
        with output.open("ab") as stream:
            self.process = subprocess.Popen(
                command,
                cwd=directory,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
                **_as_user(user),
            )
        self._guard, self._line = _guard(self.pid, last_signal, leftover)

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def stop(self, kind: signal.Signals = signal.SIGTERM, timeout_seconds: float = 10.0) -> int:
        """Ask it to end, then make it end; return the exit status."""
        try:
            if self.running:
                self.process.send_signal(signal.SIGCONT)  # a stopped process hears no request to end
                self.process.send_signal(kind)
                try:
                    self.process.wait(timeout_seconds)
                except subprocess.TimeoutExpired:
                    self.process.send_signal(self.last_signal)
                    try:
                        self.process.wait(5.0)
                    except subprocess.TimeoutExpired:
                        self.process.kill()
            return self.process.wait()
        finally:
            self._release_guard()

    def kill(self) -> int:
        """End it at once, as the kernel would."""
        return self.stop(signal.SIGKILL)

    def _release_guard(self) -> None:
        if self._guard.poll() is None:
            with suppress(OSError):
                self._line.write(b"done\n")
                self._line.flush()
            with suppress(OSError):
                self._line.close()
            self._guard.wait()


def run_as(user: str | None, command: Sequence[str], *, directory: Path, **options: object) -> str:
    """Run a command to its end as that user and return what it printed; its complaint becomes the error."""
    done = subprocess.run(  # type: ignore[call-overload]
        command,
        cwd=directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        **_as_user(user),
        **options,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{Path(command[0]).name} failed ({done.returncode}): {done.stderr.strip()}")
    return str(done.stdout)


def free_port(host: str = "127.0.0.1") -> int:
    """Return a TCP port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _as_user(user: str | None) -> dict[str, object]:
    if user is None:
        return {}
    import pwd

    entry = pwd.getpwnam(user)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _guard(pid: int, last_signal: signal.Signals, leftover: Path | None) -> tuple[subprocess.Popen[bytes], IO[bytes]]:
    name = last_signal.name.removeprefix("SIG")
    process = subprocess.Popen(
        ["/bin/sh", "-c", _GUARD, "guard", name, str(pid), str(leftover or "")],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
        env={"PATH": os.environ.get("PATH", os.defpath)},
    )
    assert process.stdin is not None
    return process, process.stdin
