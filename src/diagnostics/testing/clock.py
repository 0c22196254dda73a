"""FakeClock: time that moves only when a test says so."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta


class FakeClock:
    """A clock for tests; ``sleep`` moves it instead of waiting.

    Example:
        >>> clock = FakeClock()
        >>> clock.sleep(90)
        >>> clock.monotonic()
        90.0
    """

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        if start.tzinfo is None:
            raise ValueError("the start must be an aware moment")
        self._start = start
        self._elapsed = 0.0
        self._wall_shift = timedelta()
        self._lock = threading.Lock()
        self.sleeps: list[float] = []

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed) + self._wall_shift

    def monotonic(self) -> float:
        return self._elapsed

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        if seconds > 0:
            self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Move on."""
        if seconds < 0:
            raise ValueError("monotonic time never goes back; shift the wall clock instead")
        with self._lock:
            self._elapsed += seconds

    def shift_wall(self, seconds: float) -> None:
        """Set the wall clock forward or back, as NTP or a person would; monotonic time is not touched."""
        self._wall_shift += timedelta(seconds=seconds)
