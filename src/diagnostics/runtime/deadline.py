"""Run a call under a time limit, in a bounded pool of daemon threads.

A thread that hangs cannot be killed, only left behind. So a call that misses its deadline is *abandoned*:
its caller goes on at once, its thread no longer counts towards the pool's size, and, being a daemon, it does
not keep the interpreter from exiting. Coroutines are better off: they are cancelled, and their thread freed.
"""

# ruff: noqa: SLF001 - Call and DeadlinePool are one mechanism in two classes

from __future__ import annotations

import contextvars
import inspect
import logging
import os
import threading
import weakref
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, TypeVar, overload

from diagnostics.errors import DiagnosticsError
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock

T = TypeVar("T")
_log = logging.getLogger(__name__)

MAX_WORKERS = 128
"""Calls that run at the same time; more of them queue, and their deadline runs meanwhile."""
MAX_ABANDONED = 512
"""Threads that may be left behind before they count towards ``MAX_WORKERS`` again."""
IDLE_SECONDS = 20.0
"""A worker without work ends after this."""


class DeadlineExceeded(DiagnosticsError, TimeoutError):  # noqa: N818 - the word that people search for
    """A call took longer than it may.

    Attributes:
        seconds: The limit.
        started: False when the call never got a thread, so that nothing is known about it.
    """

    code = "DIAG-0130"

    def __init__(self, message: str, *, seconds: float, started: bool = True) -> None:
        super().__init__(message)
        self.seconds = seconds
        self.started = started


class _State(Enum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(Generic[T]):
    """What came of one call among several.

    Attributes:
        value: What it returned; None when it raised or timed out.
        error: What it raised; a ``DeadlineExceeded`` when it timed out.
        timed_out: Whether it was left behind.
        elapsed_seconds: From its start to its end, or to the moment it was left behind.
    """

    value: T | None = None
    error: BaseException | None = None
    timed_out: bool = False
    elapsed_seconds: float = 0.0

    @property
    def ok(self) -> bool:
        return self.error is None


class Call:
    """One call on its way through a pool; made by ``DeadlinePool.start``."""

    __slots__ = (
        "_clock", "_context", "_done", "_fn", "_name", "_on_done", "_pool", "_seconds", "_state",
        "_submitted", "elapsed_seconds", "error", "started", "timed_out", "value",
    )  # fmt: skip

    def __init__(
        self,
        pool: DeadlinePool,
        fn: Callable[[], object],
        seconds: float,
        clock: Clock,
        on_done: Callable[[Call], None] | None,
    ) -> None:
        self._pool = pool
        self._fn: Callable[[], object] | None = fn
        self._name = _name(fn)
        self._seconds = seconds
        self._clock = clock
        self._on_done = on_done
        self._context = contextvars.copy_context()
        self._done = threading.Event()
        self._state = _State.QUEUED
        self._submitted = clock.monotonic()
        self.value: object = None
        self.error: BaseException | None = None
        self.started = False
        self.timed_out = False
        self.elapsed_seconds = 0.0

    def wait(self, seconds: float) -> bool:
        """Wait until the call has ended, at most so long; return whether it has."""
        return self._done.wait(max(0.0, seconds))

    @property
    def is_finished(self) -> bool:
        """Whether the call ended by itself, even if after it was abandoned."""
        return self._done.is_set()

    def abandon(self) -> bool:
        """Leave the call behind; return False when it had ended already."""
        return self._pool._abandon(self)

    def outcome(self) -> Outcome[Any]:
        """Return what came of it so far; abandons a call that has not ended."""
        if self.abandon():
            waited = self._clock.monotonic() - self._submitted
            what = "did not end" if self.started else "got no free thread"
            error = self._too_long(what, started=self.started)
            return Outcome(error=error, timed_out=True, elapsed_seconds=waited)
        return Outcome(
            value=self.value,
            error=self.error,
            timed_out=self.timed_out,
            elapsed_seconds=self.elapsed_seconds,
        )

    def forget(self) -> None:
        """Drop value and error: a traceback leads back to this call, and the cycle would outlive both."""
        self.value = self.error = None

    def _too_long(self, what: str, *, started: bool = True) -> DeadlineExceeded:
        message = f"{self._name} {what} within {self._seconds:.3g} s."
        return DeadlineExceeded(message, seconds=self._seconds, started=started)

    def _run(self) -> None:
        """Run on a worker thread; never raises."""
        fn = self._fn
        assert fn is not None
        began = self._clock.monotonic()
        left = self._seconds - (began - self._submitted)
        try:
            self.value = self._context.run(_call_or_await, fn, left)
        except _ExpiredError:
            self.timed_out = True
            self.error = self._too_long("did not end")
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits; a worker thread has no other caller
            self.error = error
        self.elapsed_seconds = self._clock.monotonic() - began


def _call_or_await(fn: Callable[[], object], seconds: float) -> object:
    value = fn()
    if inspect.isawaitable(value):
        import asyncio

        return asyncio.run(_await_within(value, seconds))
    return value


class _ExpiredError(Exception):
    """A coroutine was cancelled at its deadline; never leaves this module."""


async def _await_within(awaitable: Any, seconds: float) -> object:
    import asyncio

    limit = asyncio.timeout(max(0.0, seconds))
    try:
        async with limit:
            return await awaitable
    except TimeoutError:
        if not limit.expired():
            raise
        raise _ExpiredError from None


def _name(fn: object) -> str:
    inner = getattr(fn, "func", fn)
    return str(getattr(inner, "__qualname__", type(inner).__name__))


_POOLS: weakref.WeakSet[DeadlinePool] = weakref.WeakSet()


class DeadlinePool:
    """A bounded pool of daemon threads whose calls may be left behind."""

    def __init__(
        self,
        *,
        max_workers: int = MAX_WORKERS,
        max_abandoned: int = MAX_ABANDONED,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        if max_workers < 1 or max_abandoned < 0:
            raise ValueError("a pool needs at least one worker and no negative number of abandoned ones")
        self._max_workers = max_workers
        self._max_abandoned = max_abandoned
        self._idle_seconds = idle_seconds
        self._reset()
        _POOLS.add(self)

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        self._queue: deque[Call] = deque()
        self._threads = 0
        self._idle = 0
        self._abandoned = 0
        self._local = threading.local()

    @property
    def abandoned(self) -> int:
        """Threads left behind that still run."""
        return self._abandoned

    @property
    def threads(self) -> int:
        """All threads of the pool, those left behind included."""
        return self._threads

    def start(
        self,
        fn: Callable[[], object],
        seconds: float,
        *,
        clock: Clock = SYSTEM_CLOCK,
        on_done: Callable[[Call], None] | None = None,
    ) -> Call:
        """Start ``fn`` and return at once.

        Args:
            fn: A function, or a coroutine function.
            seconds: After these, counted from now, a coroutine is cancelled; a plain function has to be
                abandoned by the caller.
            clock: Measures how long it took.
            on_done: Called on the worker thread when the call ends by itself, unless it was abandoned before;
                must not raise.
        """
        call = Call(self, fn, seconds, clock, on_done)
        # A call made from within one of our own threads gets a thread of its own beyond the limit: waiting
        # for a slot that its parent holds would be a deadlock.
        nested = getattr(self._local, "is_worker", False)
        with self._lock:
            self._queue.append(call)
            if self._idle >= len(self._queue):
                self._work.notify()
            elif nested or self._counted() < self._max_workers:
                self._spawn(call)
        return call

    def _counted(self) -> int:
        return self._threads - min(self._abandoned, self._max_abandoned)

    def _spawn(self, call: Call | None = None) -> None:
        thread = threading.Thread(target=self._loop, name=f"diagnostics-call-{self._threads}", daemon=True)
        self._threads += 1
        try:
            thread.start()
        except RuntimeError:  # the machine has no thread left
            self._threads -= 1
            if self._counted() == 0 and call is not None:
                self._queue.remove(call)
                raise

    def _loop(self) -> None:
        self._local.is_worker = True
        lock, work = self._lock, self._work
        while True:
            with lock:
                while not self._queue:
                    self._idle += 1
                    woken = work.wait(self._idle_seconds)
                    self._idle -= 1
                    if not self._queue and (not woken or self._counted() > self._max_workers):
                        self._threads -= 1
                        return
                call = self._queue.popleft()
                call._state = _State.RUNNING
                call.started = True
            call._run()
            with lock:
                was_abandoned = call._state is _State.ABANDONED
                if was_abandoned:
                    self._abandoned -= 1
                else:
                    call._state = _State.DONE
            call._fn = None
            if call._on_done is not None and not was_abandoned:
                try:
                    call._on_done(call)
                except Exception:  # noqa: BLE001 - nobody waits here, and the thread must live on
                    _log.exception("deadline.on_done_failed")
            call._done.set()
            del call

    def _abandon(self, call: Call) -> bool:
        with self._lock:
            if call._state is _State.DONE:
                return False
            if call._state is _State.QUEUED:
                self._queue.remove(call)
            elif call._state is _State.RUNNING:
                self._abandoned += 1
                if self._queue and not self._idle and self._counted() < self._max_workers:
                    self._spawn()
            call._state = _State.ABANDONED
            return True


def _reset_after_fork() -> None:
    """Empty all pools: threads do not survive a fork, and locks may have been held by one of them."""
    for pool in list(_POOLS):
        pool._reset()


_POOL = DeadlinePool()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_after_fork)


@overload
def call_with_deadline(
    fn: Callable[..., Coroutine[Any, Any, T]],
    seconds: float,
    *args: Any,
    clock: Clock = ...,
    pool: DeadlinePool | None = ...,
) -> T: ...
@overload
def call_with_deadline(
    fn: Callable[..., T],
    seconds: float,
    *args: Any,
    clock: Clock = ...,
    pool: DeadlinePool | None = ...,
) -> T: ...
def call_with_deadline(
    fn: Callable[..., Any],
    seconds: float,
    *args: Any,
    clock: Clock = SYSTEM_CLOCK,
    pool: DeadlinePool | None = None,
) -> Any:
    """Return ``fn(*args)``, or raise when it takes longer than ``seconds``.

    Context variables are those of the caller. A coroutine function runs in an event loop of its own on the
    worker thread. The caller's thread waits: within an event loop, call it in ``asyncio.to_thread``.

    Raises:
        DeadlineExceeded: It took too long (also a ``TimeoutError``); a plain function may still be running.
    """
    outcome = _outcomes({"": _bound(fn, args)}, {"": seconds}, clock, pool)[""]
    if outcome.error is not None:
        error = outcome.error
        try:
            raise error
        finally:
            del error, outcome  # the traceback refers to this frame: no cycle may be left
    return outcome.value


def run_side_by_side(
    jobs: Mapping[str, Callable[[], Any]],
    deadlines: Mapping[str, float] | float,
    *,
    clock: Clock = SYSTEM_CLOCK,
    pool: DeadlinePool | None = None,
) -> dict[str, Outcome[Any]]:
    """Start all jobs at once; return when each has ended or its own deadline has passed.

    Args:
        jobs: Plain or coroutine functions without arguments, by name.
        deadlines: Seconds from now, for each name or one for all.
        clock: Measures how long each took.
        pool: Another pool than the common one.

    Returns:
        One outcome for each job, in the order of ``jobs``; an error of one job never reaches another.
    """
    seconds = deadlines if isinstance(deadlines, Mapping) else dict.fromkeys(jobs, float(deadlines))
    return _outcomes(jobs, seconds, clock, pool)


def _outcomes(
    jobs: Mapping[str, Callable[[], Any]],
    seconds: Mapping[str, float],
    clock: Clock,
    pool: DeadlinePool | None,
) -> dict[str, Outcome[Any]]:
    pool = pool or _POOL
    calls: dict[str, Call] = {}
    # Deadlines are waited for in real time, whatever clock the caller measures with: threads know no other.
    began = SYSTEM_CLOCK.monotonic()
    results: dict[str, Outcome[Any]] = {}
    try:
        for name, job in jobs.items():
            calls[name] = pool.start(job, seconds[name], clock=clock)
        for name in sorted(calls, key=lambda n: seconds[n]):
            calls[name].wait(seconds[name] - (SYSTEM_CLOCK.monotonic() - began))
            results[name] = calls[name].outcome()
            calls[name].forget()
    except BaseException:
        for call in calls.values():
            call.abandon()
        raise
    return {name: results[name] for name in jobs}


def _bound(fn: Callable[..., Any], args: tuple[Any, ...]) -> Callable[[], Any]:
    if not args:
        return fn
    import functools

    return functools.partial(fn, *args)
