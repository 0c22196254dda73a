"""The one daemon thread that turns events into lines and writes them; its life, its death and its forks."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any
from weakref import ref

if TYPE_CHECKING:
    from diagnostics.core_diagnostics.recorder import FlightRecorder
    from diagnostics.core_diagnostics.sinks import Sink

#: Pauses between two looks at the queues: short while there is work, longer while there is none.
SHORTEST_PAUSE = 0.05
LONGEST_PAUSE = 0.25
EXIT_SECONDS = 2.0
#: How long a fork waits for the thread to come to rest; only a disk that hangs makes it wait that long.
FORK_SECONDS = 0.5

_recorders: list[ref[FlightRecorder]] = []
_sinks: list[Sink] = []
_wake = threading.Event()
_start_lock = threading.Lock()
_pump_lock = threading.RLock()
_pumping = False
_thread: threading.Thread | None = None
_complained: set[str] = set()
_state: dict[str, Any] = {}
_state_at = 0


def add(recorder: FlightRecorder) -> None:
    """Let the thread drain this recorder."""
    _recorders[:] = [*(known for known in _recorders if known() is not None), ref(recorder)]


def recorders() -> list[FlightRecorder]:
    """Return the recorders that are in use."""
    return [recorder for known in _recorders if (recorder := known()) is not None]


def add_sink(sink: Sink) -> None:
    """Let the thread write to this sink."""
    if sink not in _sinks:
        _sinks.append(sink)


def remove_sink(sink: Sink) -> None:
    """Stop writing to this sink."""
    if sink in _sinks:
        _sinks.remove(sink)


def running() -> bool:
    """Return whether the thread runs in this process."""
    return _thread is not None


def start() -> None:
    """Start the thread, once."""
    global _thread
    # A signal handler may come by while this very thread is starting the writer: never wait here.
    if not _start_lock.acquire(blocking=False):
        return
    try:
        if _thread is not None:
            return
        thread = threading.Thread(target=_run, name="diagnostics-writer", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            # No more threads, or the interpreter is going down; what waits is written at exit.
            complain("diagnostics_writer_not_started", str(error))
            return
        _thread = thread
    finally:
        _start_lock.release()
    _finalize_with_multiprocessing()


def _finalize_with_multiprocessing() -> None:
    """Write what waits when a child of multiprocessing ends: it leaves without atexit, but runs its finalizers.

    Children of a fork are told by the hook below; those of a fork server have imported us only after their fork.
    """
    process, util = sys.modules.get("multiprocessing.process"), sys.modules.get("multiprocessing.util")
    if process is not None and util is not None and process.parent_process() is not None:
        util.Finalize(None, _at_exit, exitpriority=0)


def wake() -> None:
    """Have the thread look at once: something went wrong and should be on disk soon."""
    _wake.set()


def _run() -> None:
    pause = SHORTEST_PAUSE
    while True:
        _wake.wait(pause)
        _wake.clear()
        try:
            busy = pump(timeout=5.0)
        except Exception as error:  # noqa: BLE001 - our own failure must neither end the thread nor reach the host
            complain("diagnostics_writer_failed", f"{type(error).__name__}: {error}")
            busy = False
        pause = SHORTEST_PAUSE if busy else min(pause * 1.5, LONGEST_PAUSE)


def pump(timeout: float) -> bool:
    """Drain every recorder and write what there is, on any thread; return whether there was anything."""
    global _pumping
    if not _pump_lock.acquire(timeout=timeout):
        return False
    if _pumping:
        _pump_lock.release()
        return False  # a signal handler came by while this very thread was at it
    _pumping = True
    try:
        drained = 0
        for recorder in recorders():
            for _ in range(recorder.limit // 1000 + 1):  # what comes meanwhile is for the next time
                # Batch by batch: lines that are written at once are still in the processor's cache, and cost a third
                # less than those that waited with ten thousand others.
                count = recorder.drain(batches=1)
                _flush()
                drained += count
                if not count:
                    break
        return drained > 0
    finally:
        _pumping = False
        _pump_lock.release()


def _flush() -> None:
    for sink in _sinks:
        sink.flush()


def state_for_errors() -> dict[str, Any]:
    """Return the state of process and host; taken at most once a second, since errors come in swarms."""
    global _state, _state_at
    now = perf_counter_ns()
    if not _state or now - _state_at > 1_000_000_000:
        from diagnostics.core_diagnostics.state import system_state

        _state, _state_at = system_state(), now
    return _state


def complain(event: str, details: str) -> None:
    """Say once for each event name that we are in trouble, through standard logging; never raise."""
    if event in _complained:
        return
    _complained.add(event)
    try:
        import logging

        logging.getLogger("diagnostics").warning("%s %s", event, details)
    except Exception:  # noqa: BLE001, S110 - there is nobody left to tell
        pass


def _at_exit() -> None:
    # The thread may hang on a dead disk; the host's exit must not.
    pump(timeout=EXIT_SECONDS)


_held_for_fork = False


def _before_fork() -> None:
    """Let the thread come to rest: what it is importing or writing would stay half done, and locked, in the child."""
    global _held_for_fork
    _held_for_fork = _pump_lock.acquire(timeout=FORK_SECONDS)


def _after_fork_in_parent() -> None:
    global _held_for_fork
    if _held_for_fork:
        _held_for_fork = False
        _pump_lock.release()


def _after_fork_in_child() -> None:
    global _thread, _start_lock, _pump_lock, _pumping, _wake, _state_at, _held_for_fork
    _thread = None
    _held_for_fork = False
    _start_lock = threading.Lock()
    _pump_lock = threading.RLock()
    _wake = threading.Event()
    _pumping = False
    _state_at = 0
    for recorder in recorders():
        recorder.after_fork()
    for sink in _sinks:
        sink.after_fork()
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        # Children of multiprocessing leave without atexit; their finalizers run after the target returned.
        util.register_after_fork(sys.modules[__name__], _finalize_multiprocessing)
    from diagnostics.core_diagnostics.correlation import CURRENT

    if CURRENT.get() is not None:
        # Forked in the midst of work: no outermost call will come by to start the thread.
        start()


def _finalize_multiprocessing(_: object) -> None:
    sys.modules["multiprocessing.util"].Finalize(None, _at_exit, exitpriority=0)


atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
