"""The questions asked of each new value: level over four spans, spread, jump, calm, standstill, time of day."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, insort
from typing import Any

from diagnostics.stats.streaming.daily import Daily

#: Values that a level is the mean of; each span is about three times the one before.
SPANS = (1, 12, 36, 108)
#: Values whose standard deviation is the spread.
SPREAD_SPAN = 48
#: Values before the newest one whose median it jumps from.
JUMP_SPAN = 24
#: Values whose mean is compared with the same time of other days.
DAILY_SPAN = 6
#: Share of the usual range below which all spreads are alike.
LEAST_SPREAD = 0.001
#: What is looked at, in the order of what ``Views.update`` returns. ``calm`` is the logarithm of the spread over the
#: usual range, so that silence is as far from normal as noise is; ``unchanged`` counts equal values in a row.
VIEWS = ("value", "level-12", "level-36", "level-108", "spread", "jump", "time-of-day", "calm", "unchanged")
#: What an excess is measured in at least, for the views that have not the unit of the values.
LEAST_OF_VIEW = {"calm": 0.05, "unchanged": 1.0}


class Views:
    """The last 108 values of a series, and its last week by time of day."""

    __slots__ = ("_before", "_daily", "_recent", "_run")

    def __init__(self) -> None:
        self._recent = array("d")
        self._before = array("d")  # The newest JUMP_SPAN values in ascending order.
        self._daily = Daily()
        self._run = 0

    def update(
        self, value: float, seconds: float | None, usual: float
    ) -> tuple[list[float], tuple[float, float] | None]:
        """Return what each of ``VIEWS`` sees, and the range at this time of day where there is one.

        Args:
            value: The newest value.
            seconds: Its time, in seconds of the epoch; without it nothing is known of the time of day.
            usual: Usual range of the values, 0 while it is not known.
        """
        recent, before = self._recent, self._before
        n = len(before)
        jump = value - (before[n // 2] if n % 2 else (before[n // 2 - 1] + before[n // 2]) / 2) if n else 0.0
        if n == JUMP_SPAN:
            del before[bisect_left(before, recent[-JUMP_SPAN])]
        insort(before, value)
        self._run = self._run + 1 if recent and recent[-1] == value else 1
        if len(recent) == SPANS[-1]:
            del recent[0]
        recent.append(value)
        seen = [value]
        for span in SPANS[1:]:
            last = recent[-span:]
            seen.append(sum(last) / len(last))
        last = recent[-SPREAD_SPAN:]
        mean = sum(last) / len(last)
        # A root of a sum of squares that neither overflows nor cancels.
        spread = math.dist(last, [mean] * len(last)) / math.sqrt(len(last))
        calm = math.log(LEAST_SPREAD + (spread / usual if usual > 0.0 else 0.0))
        outside, hourly = 0.0, None
        if seconds is not None:
            last = recent[-DAILY_SPAN:]
            outside, low, high = self._daily.update(sum(last) / len(last), seconds)
            hourly = (low, high) if high < math.inf else None
        return [*seen, spread, jump, outside, calm, float(self._run)], hourly

    def state(self) -> dict[str, Any]:
        """Return all that is remembered, as plain JSON values."""
        return {"recent": self._recent.tolist(), "run": self._run, "daily": self._daily.state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what ``state`` returned."""
        self._recent = array("d", state["recent"])
        self._before = array("d", sorted(self._recent[-JUMP_SPAN:]))
        self._run = int(state["run"])
        self._daily.restore(state["daily"])
