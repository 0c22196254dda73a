"""What is due next, as a pure function; and the one thread that waits for it."""

from __future__ import annotations

import hashlib
import heapq
import logging
import math
import os
import threading
import weakref
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock

K = TypeVar("K", bound=Hashable)
_log = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS = 60.0


def next_due(due: float, interval: float, now: float) -> float:
    """Return the next moment of a fixed rate after ``now``; moments that were missed are left out.

    Example:
        >>> next_due(10.0, 5.0, 10.1)
        15.0
        >>> next_due(10.0, 5.0, 31.0)
        35.0
    """
    following = due + interval
    if following > now:
        return following
    following = due + interval * (math.floor((now - due) / interval) + 1)
    return following if following > now else following + interval


def phase_of(name: str, interval: float) -> float:
    """Return where in its interval ``name`` runs: always the same, and spread evenly over names."""
    digest = hashlib.blake2b(name.encode(), digest_size=4).digest()
    return interval * (int.from_bytes(digest, "big") / 2**32)


class Schedule(Generic[K]):
    """Keys and when they are due; a plain value without a clock."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, K]] = []
        self._entries: dict[K, tuple[int, float | None]] = {}
        self._serial = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def add(self, key: K, due: float, interval: float | None = None) -> None:
        """Add or replace ``key``: due once, or again and again."""
        if interval is not None and not interval > 0:
            raise ValueError(f"{key}: an interval must be positive, not {interval}")
        self._serial += 1
        self._entries[key] = (self._serial, interval)
        heapq.heappush(self._heap, (due, self._serial, key))

    def remove(self, key: K) -> None:
        """Forget ``key``; it may be unknown."""
        self._entries.pop(key, None)
        if len(self._heap) > 2 * len(self._entries) + 16:  # forgotten entries must not pile up
            self._heap = [item for item in self._heap if self._is_current(item)]
            heapq.heapify(self._heap)

    def _is_current(self, item: tuple[float, int, K]) -> bool:
        entry = self._entries.get(item[2])
        return entry is not None and entry[0] == item[1]

    def next(self) -> float | None:
        """Return when the next key is due; None when there is none."""
        while self._heap and not self._is_current(self._heap[0]):
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take_due(self, now: float) -> list[K]:
        """Return the keys that are due, the most overdue first; those that repeat are put back."""
        taken: list[K] = []
        while (due := self.next()) is not None and due <= now:
            _, _, key = heapq.heappop(self._heap)
            interval = self._entries[key][1]
            if interval is None:
                del self._entries[key]
            else:
                self.add(key, next_due(due, interval, now), interval)
            taken.append(key)
        return taken


class Scheduler(Generic[K]):
    """Calls ``act(key)`` for whatever is due: in ``step``, or on a thread of its own after ``start``.

    ``act`` must be quick: it starts work, it does not do it. What it raises is logged and dropped.
    """

    def __init__(
        self, act: Callable[[K], None], *, clock: Clock = SYSTEM_CLOCK, name: str = "diagnostics-scheduler"
    ) -> None:
        self._act = act
        self._clock = clock
        self._name = name
        self._schedule: Schedule[K] = Schedule()
        self._changed = threading.Condition(threading.Lock())
        self._thread: threading.Thread | None = None
        self._running = False
        _SCHEDULERS.add(self)

    def hold_for_fork(self) -> None:
        """Take the lock, so that the plan is whole in the child and no thread that died holds it there."""
        self._changed.acquire()

    def release_in_parent(self) -> None:
        """Give the lock back."""
        self._changed.release()

    def renew_in_child(self) -> None:
        """Begin with a lock that nobody waits for; the thread stayed behind."""
        self._changed = threading.Condition(threading.Lock())

    @property
    def is_running(self) -> bool:
        """Whether the thread lives; False in a forked child, which has no threads."""
        return self._running and self._thread is not None and self._thread.is_alive()

    def add(self, key: K, *, delay: float = 0.0, interval: float | None = None) -> None:
        """Add or replace ``key``, due after ``delay`` seconds and then every ``interval``."""
        with self._changed:
            self._schedule.add(key, self._clock.monotonic() + delay, interval)
            self._changed.notify()

    def remove(self, key: K) -> None:
        """Forget ``key``."""
        with self._changed:
            self._schedule.remove(key)

    def clear(self) -> None:
        """Forget all keys."""
        with self._changed:
            self._schedule = Schedule()

    def seconds_to_next(self) -> float | None:
        """Return how long until something is due, zero when overdue; None when nothing is planned."""
        with self._changed:
            due = self._schedule.next()
        return None if due is None else max(0.0, due - self._clock.monotonic())

    @property
    def is_planned(self) -> bool:
        """Whether anything will ever be due."""
        return len(self._schedule) > 0

    def take_due(self) -> list[K]:
        """Return what is due now, as done, for a caller who does it."""
        with self._changed:
            return self._schedule.take_due(self._clock.monotonic())

    def step(self) -> list[K]:
        """Do what is due now; return it."""
        taken = self.take_due()
        for key in taken:
            try:
                self._act(key)
            except Exception:  # noqa: BLE001 - one broken act must not stop the others
                _log.exception("scheduler.act_failed", extra={"key": str(key)})
        return taken

    def start(self) -> None:
        """Start the thread; a second call does nothing."""
        with self._changed:
            if self.is_running:
                return
            self._running = True
            self._thread = threading.Thread(target=self._loop, name=self._name, daemon=True)
            self._thread.start()

    def stop(self, wait_seconds: float = 5.0) -> None:
        """Stop the thread and wait for its end; may be called from within ``act``."""
        with self._changed:
            self._running = False
            thread = self._thread
            self._changed.notify_all()
        if thread is not None and thread is not threading.current_thread():
            thread.join(wait_seconds)

    def _loop(self) -> None:
        while True:
            with self._changed:
                if not self._running or self._thread is not threading.current_thread():
                    return
                due = self._schedule.next()
                seconds = LONGEST_WAIT_SECONDS if due is None else due - self._clock.monotonic()
                if seconds > 0:
                    self._changed.wait(min(seconds, LONGEST_WAIT_SECONDS))
                    continue
            self.step()


_SCHEDULERS: weakref.WeakSet[Scheduler[Any]] = weakref.WeakSet()
_held: list[Scheduler[Any]] = []


def _before_fork() -> None:
    _held[:] = list(_SCHEDULERS)
    for scheduler in _held:
        scheduler.hold_for_fork()


def _after_in_parent() -> None:
    for scheduler in _held:
        scheduler.release_in_parent()
    _held.clear()


def _after_in_child() -> None:
    for scheduler in _held:
        scheduler.renew_in_child()
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_in_parent, after_in_child=_after_in_child)
