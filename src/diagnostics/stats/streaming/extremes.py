"""How far does a value lie beyond what it has been? Tail of a stream, from the maxima of its past blocks."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, insort
from typing import Any

#: No surprise counts for more nats than this: one view alone must not shout down all others.
CEILING = 12.0
#: This share of the past blocks (at least ``MIN_RECORDS`` of them) are the records that a value is compared with.
RECORD_SHARE = 0.03
MIN_RECORDS = 3
#: The records' mean excess is at least this share of the spread of ordinary maxima: few records may lie too close.
MIN_EXCESS = 0.1
#: Differences below this share of the value itself are rounding.
ROUNDING = 1e-9


class Extremes:
    """The upper tail of a stream, one maximum a block, the newest ``blocks`` of them.

    Maxima of blocks and not single values, because values that follow each other are not independent: an hour of
    high values is one event. Beyond the place of the records the tail is taken as exponential, so that a value has
    the surprise ``ln(blocks / records) + (value - place) / mean excess`` nats: minus the logarithm of the chance
    that the maximum of one block gets there.

    Source: peaks over threshold with an exponential tail (generalised Pareto, shape 0): Pickands (1975), Ann. Stat.
    3:119; for streams Siffer et al. (2017), KDD, "Anomaly detection in streams with extreme value theory".
    """

    __slots__ = ("_capacity", "_excess", "_maxima", "_next", "_offset", "_ordered", "peak", "place")

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._maxima = array("d")  # A ring, in the order of time.
        self._next = 0
        self._ordered = array("d")
        self.peak = -math.inf
        self._fit()

    def _fit(self) -> None:
        ordered, n = self._ordered, len(self._ordered)
        if n < 2:
            self.place, self._excess, self._offset = (ordered[0] if n else math.inf), 0.0, 0.0
            return
        records = max(1, min(n - 1, max(MIN_RECORDS, int(RECORD_SHARE * n))))
        place = ordered[n - 1 - records]
        excess = sum(value - place for value in ordered[n - records :]) / records
        self.place = place
        self._excess = max(excess, MIN_EXCESS * (place - ordered[n // 4])) + ROUNDING * abs(place)
        self._offset = math.log(n / records)

    def surprise(self, value: float, least: float = 0.0) -> float:
        """Return the surprise of a value in nats, 0 to ``CEILING``; ``least`` is the smallest excess that matters."""
        beyond = value - self.place
        if not beyond > 0.0:
            return 0.0
        excess = max(self._excess, least)
        return min(CEILING, self._offset + beyond / excess) if beyond < CEILING * excess else CEILING

    def add(self, value: float) -> None:
        """Take a value into the running block."""
        self.peak = max(self.peak, value)

    def close(self) -> None:
        """End the running block: its maximum becomes the past, the oldest one may be forgotten."""
        if len(self._maxima) < self._capacity:
            self._maxima.append(self.peak)
        else:
            del self._ordered[bisect_left(self._ordered, self._maxima[self._next])]
            self._maxima[self._next] = self.peak
            self._next = (self._next + 1) % self._capacity
        insort(self._ordered, self.peak)
        self.peak = -math.inf
        self._fit()

    def quantile(self, share: float) -> float:
        """Return the maximum that ``share`` of the past blocks stay below, 0 before the first block ended."""
        return self._ordered[min(len(self._ordered) - 1, int(share * len(self._ordered)))] if self._ordered else 0.0

    def __len__(self) -> int:
        return len(self._maxima)

    def state(self) -> dict[str, Any]:
        """Return all that is remembered, as plain JSON values."""
        peak = None if self.peak == -math.inf else self.peak
        return {"maxima": self._maxima.tolist(), "next": self._next, "peak": peak}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what ``state`` returned."""
        self._maxima = array("d", state["maxima"])
        self._ordered = array("d", sorted(self._maxima))
        self._next = int(state["next"])
        self.peak = -math.inf if state["peak"] is None else float(state["peak"])
        self._fit()
