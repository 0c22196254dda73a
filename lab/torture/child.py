"""A child that is forked, does one thing, and is killed or starved at a given write."""

from __future__ import annotations

import errno
import os
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from diagnostics.runtime.clock import SYSTEM_CLOCK

#: Everything in `os` that changes something on disk.
_MUTATING = (
    "write", "pwrite", "fsync", "rename", "unlink", "mkdir", "rmdir", "symlink", "link", "chmod", "fchmod", "chown", "utime",
    "setxattr", "removexattr", "ftruncate", "posix_fallocate",
)  # fmt: skip
#: What a full disk refuses, and what a file system that became read-only refuses.
_NEEDS_SPACE = ("write", "pwrite", "mkdir", "symlink", "setxattr", "posix_fallocate")
_REFUSES = {
    "full disk": (_NEEDS_SPACE, errno.ENOSPC),
    "read-only": (tuple(name for name in _MUTATING if name != "fsync"), errno.EROFS),
    "fsync error": (("fsync",), errno.EIO),
}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What befalls the child: ``kill``, ``torn`` or a key of ``_REFUSES``, at its n-th write.

    ``torn`` writes the first half of what is written and kills; a refusal lasts when ``lasting``.
    """

    kind: str = "none"
    at: int = -1
    lasting: bool = False
    do: Callable[[str], None] | None = None


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a child ended: killed or not, how many writes it had done, what it was about to do, what it raised."""

    killed: bool
    writes: int
    label: str
    said: str
    error: str


class QuickClock:
    """The machine's clock, with short waits: a verification need not pause while it is tortured."""

    def now(self) -> datetime:
        return SYSTEM_CLOCK.now()

    def monotonic(self) -> float:
        return SYSTEM_CLOCK.monotonic()

    def sleep(self, seconds: float) -> None:
        SYSTEM_CLOCK.sleep(min(seconds, 0.02))


class _Torturer:
    """Counts writes of this process and strikes at one of them."""

    def __init__(self, fault: Fault, report: int) -> None:
        self.fault, self.report = fault, report
        self.writes = 0
        self._matching = 0
        self._write = os.write

    def install(self) -> None:
        for name in _MUTATING:
            setattr(os, name, self._hooked(name, getattr(os, name)))

    def _hooked(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        refused, code = _REFUSES.get(self.fault.kind, ((), 0))

        def call(*arguments: Any, **options: Any) -> Any:
            if self.fault.kind in ("kill", "call", "none"):
                self.tick(f"os.{name}")
            elif self.fault.kind == "torn" and name == "write":
                self.writes += 1
                if self.writes == self.fault.at:
                    real(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
                    self._die("a torn write")
            elif name in refused:
                self.writes += 1
                if self.writes == self.fault.at or (self.fault.lasting and 0 < self.fault.at < self.writes):
                    if name == "write" and code == errno.ENOSPC and len(arguments[1]) > 1:
                        real(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])  # a full disk takes a part
                    raise OSError(code, os.strerror(code))
            return real(*arguments, **options)

        return call

    def tick(self, label: str) -> None:
        if self.fault.kind not in ("kill", "call", "none"):
            return
        self.writes += 1
        if self.writes == self.fault.at:
            if self.fault.kind == "kill":
                self._die(label)
            if self.fault.do is not None:
                self.fault.do(label)

    def _die(self, label: str) -> None:
        self._write(self.report, f"{self.writes}\n{label}\n\n".encode())
        os.kill(os.getpid(), signal.SIGKILL)


def run(work: Callable[[Callable[[str], None]], Any], fault: Fault = Fault()) -> Ended:
    """Fork, do ``work(tick)`` under a fault, and return how it ended."""
    reader, writer = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        torturer = _Torturer(fault, writer)
        really = os.write
        error = said = ""
        try:
            torturer.install()
            said = str(work(torturer.tick))
        except BaseException as failure:  # whatever it is, the parent judges by what is on disk
            error = f"{type(failure).__name__}: {failure}"
            if os.environ.get("TORTURE_DEBUG"):
                traceback.print_exc()
        finally:
            torturer.fault = Fault()
            really(writer, f"{torturer.writes}\n\n{said[:20000]}\n{error[:2000]}".encode())
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        told = file.read().decode(errors="replace")
    _, status = os.waitpid(pid, 0)
    killed = os.WIFSIGNALED(status)
    writes, label, said, error = [*told.split("\n", 3), "", "", "", ""][:4]
    return Ended(killed=killed, writes=int(writes or 0), label=label, said=said, error=error)
