"""What was usual at this time of day? Lowest and highest level of the last days, by quarter of an hour."""

from __future__ import annotations

from array import array
from typing import Any

DAY_SECONDS = 86_400
#: A quarter of an hour: fine enough for jobs that run by the clock, coarse enough to hold a value each day.
BINS = 96
#: A week, so that weekends are remembered.
DAYS = 7
#: The day of what was never seen: so long ago that no moment is within a week of it.
_NEVER = -(2**62)
#: Fewer remembered values than this at about this time of day are no custom.
MIN_REMEMBERED = 4


class Daily:
    """The range of a level at about the same time of day (the quarters before and after included) in the last week.

    The range, and not a mean with a spread, because there are seven days at most and a job that starts ten minutes
    late is no news.
    """

    __slots__ = ("_bin", "_count", "_day", "_days", "_high", "_low", "_means", "_sum")

    def __init__(self) -> None:
        self._means = array("d", [0.0] * (BINS * DAYS))
        self._days = array("q", [_NEVER] * (BINS * DAYS))
        self._bin, self._day = -1, _NEVER
        self._sum, self._count = 0.0, 0
        self._low, self._high = 0.0, 0.0

    def _turn(self, day: int, place: int) -> None:
        """Close the quarter that was running, and look up the range of the one that begins."""
        if self._count:
            slot = self._bin * DAYS + self._day % DAYS
            self._means[slot], self._days[slot] = self._sum / self._count, self._day
        self._sum, self._count, self._bin, self._day = 0.0, 0, place, day
        means, days = self._means, self._days
        remembered = [
            means[slot]
            for near in (place - 1, place, place + 1)
            for slot in range(near % BINS * DAYS, near % BINS * DAYS + DAYS)
            if 1 <= day - days[slot] <= DAYS
        ]
        if len(remembered) >= MIN_REMEMBERED:
            self._low, self._high = min(remembered), max(remembered)
        else:
            self._low, self._high = float("-inf"), float("inf")

    def update(self, level: float, seconds: float) -> tuple[float, float, float]:
        """Return how far the level lies outside (0 inside, negative below), and the range; then remember the level.

        The range is infinite until there is one. ``seconds`` are those of the epoch: the day is that of UTC.
        """
        day = int(seconds // DAY_SECONDS)
        # A hair before midnight rounds to midnight, which would be one quarter too many.
        place = min(BINS - 1, int((seconds - day * DAY_SECONDS) * BINS / DAY_SECONDS))
        if place != self._bin or day != self._day:
            self._turn(day, place)
        self._sum += level
        self._count += 1
        low, high = self._low, self._high
        return (level - high if level > high else level - low if level < low else 0.0), low, high

    def state(self) -> dict[str, Any]:
        """Return all that is remembered, as plain JSON values."""
        return {
            "means": self._means.tolist(),
            "days": self._days.tolist(),
            "running": [self._bin, self._day, self._sum, self._count],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what ``state`` returned."""
        self._means, self._days = array("d", state["means"]), array("q", state["days"])
        place, day, total, count = state["running"]
        self._count = 0
        if count:
            self._turn(day, place)
        self._bin, self._day, self._sum, self._count = place, day, total, count
