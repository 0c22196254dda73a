"""Run a call in a child process, so that a call that hangs can be ended, with everything that it started."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import inspect
import os
import pickle
import select
import signal
import sys
from collections.abc import Callable
from typing import Any

from diagnostics.errors import DiagnosticsError
from diagnostics.runtime.clock import SYSTEM_CLOCK
from diagnostics.runtime.deadline import DeadlineExceeded

_PR_SET_PDEATHSIG = 1
_PIECE = 1 << 16


class ChildError(DiagnosticsError):
    """A call in a child process failed; the message names what it raised there."""

    code = "DIAG-0140"


def call_in_child(fn: Callable[[], Any], seconds: float) -> Any:
    """Return ``fn()``, run in a forked child; a coroutine function runs in an event loop of its own there.

    What the child changes in memory stays in the child: variables of the process, objects, connections. Locks that
    another thread of this process holds at the fork stay locked in the child, which then runs into its deadline.
    The child dies with this process, and its whole process group is ended at the deadline.

    Raises:
        DeadlineExceeded: It took longer; it and whatever it started in its process group is ended.
        ChildError: It raised, or died.
    """
    reader, writer = os.pipe()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        _be_child(fn, writer, parent)
    os.close(writer)
    with contextlib.suppress(OSError):
        os.setpgid(pid, pid)  # both sides do it, so that it is done before anybody relies on it
    deadline = SYSTEM_CLOCK.monotonic() + seconds
    try:
        told = _read(reader, deadline)
    finally:
        os.close(reader)
        _end(pid)
    if told is None:
        raise DeadlineExceeded(f"The child process did not end within {seconds:.3g} s.", seconds=seconds)
    if not told:
        raise ChildError("The child process died without an answer.")
    succeeded, value = pickle.loads(told)  # noqa: S301 - our own child wrote it
    if not succeeded:
        raise ChildError(value)
    return value


def _read(reader: int, deadline: float) -> bytes | None:
    """Return all that the child writes until it closes its end, or None when the deadline passes first."""
    pieces: list[bytes] = []
    while True:
        left = deadline - SYSTEM_CLOCK.monotonic()
        if left <= 0 or not select.select([reader], [], [], left)[0]:
            return None
        piece = os.read(reader, _PIECE)
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)


def _end(pid: int) -> None:
    """End the child and its process group; what has ended already is only collected."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


def _be_child(fn: Callable[[], Any], writer: int, parent: int) -> None:
    """Do the work and exit; never returns."""
    code = 1
    try:
        os.setpgid(0, 0)
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == parent:
            with os.fdopen(writer, "wb") as file:
                file.write(_answer(fn))
            code = 0
    finally:
        os._exit(code)


def _answer(fn: Callable[[], Any]) -> bytes:
    try:
        value = fn()
        if inspect.isawaitable(value):
            value = asyncio.run(_awaited(value))
    except BaseException as error:  # noqa: BLE001 - it is told to the parent, which raises
        return pickle.dumps((False, f"{type(error).__name__}: {error}"))
    try:
        return pickle.dumps((True, value))
    except Exception:  # noqa: BLE001 - what cannot travel is told as a truth
        return pickle.dumps((True, bool(value)))


async def _awaited(value: Any) -> Any:
    return await value
