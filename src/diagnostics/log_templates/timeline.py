"""When did what happen? Counts of many kinds on one grid of time that widens as the log goes on (pure)."""

from __future__ import annotations

import math
from array import array
from collections.abc import Hashable, Iterator

BUCKETS = 256
_NARROWEST_SECONDS = 1.0


class Timeline:
    """Counts events by kind and time; the memory for a kind does not grow with the log.

    All kinds share ``buckets`` spans of equal length. The grid begins with the first event and doubles its width when
    an event lies outside it, so that at least about half of it is always in use.

    Example:
        >>> timeline = Timeline(buckets=4)
        >>> for at in (100.0, 101.5, 107.0):
        ...     timeline.add("error", at)
        >>> timeline.width, timeline.series("error")
        (2.0, [2, 0, 0, 1])
    """

    def __init__(self, buckets: int = BUCKETS) -> None:
        if buckets < 2 or buckets % 2:
            raise ValueError(f"a grid has an even number of buckets, got {buckets}")
        self._buckets = buckets
        self._counts: dict[Hashable, array[int]] = {}
        self.start = math.nan
        self.width = _NARROWEST_SECONDS
        self.first, self.last = math.inf, -math.inf

    def __len__(self) -> int:
        """Return the number of kinds."""
        return len(self._counts)

    def kinds(self) -> Iterator[Hashable]:
        """Yield every kind that was counted."""
        yield from self._counts

    def add(self, kind: Hashable, at: float) -> None:
        """Count one event at a moment in unix seconds; moments need not be in order."""
        if not self.first <= at <= self.last:
            self._reach(at)
        counts = self._counts.get(kind)
        if counts is None:
            counts = self._counts[kind] = array("Q", bytes(8 * self._buckets))
        place = int((at - self.start) / self.width)
        counts[place if place < self._buckets else place - 1] += 1

    def merge(self, kind: Hashable, heir: Hashable) -> None:
        """Count what was counted of a kind under another one."""
        counts = self._counts.pop(kind, None)
        if counts is None:
            return
        into = self._counts.setdefault(heir, array("Q", bytes(8 * self._buckets)))
        for index, count in enumerate(counts):
            into[index] += count

    def series(self, kind: Hashable) -> list[int]:
        """Return the counts from the bucket of the first event of all kinds to that of the last."""
        if math.isinf(self.first):
            return []
        first, last = self._place(self.first), self._place(self.last)
        counts = self._counts.get(kind)
        return list(counts[first : last + 1]) if counts is not None else [0] * (last + 1 - first)

    def bucket(self, at: float) -> int:
        """Return the place in `series` of a moment between the first event and the last."""
        return self._place(at) - self._place(self.first)

    def begin(self, bucket: int) -> float:
        """Return the moment at which a bucket of `series` begins."""
        return self.start + (self._place(self.first) + bucket) * self.width

    def _place(self, at: float) -> int:
        return min(self._buckets - 1, int((at - self.start) / self.width))

    def _reach(self, at: float) -> None:
        """Widen the grid until a moment lies on it."""
        if math.isnan(self.start):
            self.start = at
        while at >= self.start + self.width * self._buckets:
            self._double(0)
        while at < self.start:
            self.start -= self.width * self._buckets
            self._double(self._buckets // 2)
        self.first, self.last = min(self.first, at), max(self.last, at)

    def _double(self, offset: int) -> None:
        """Let every two neighbours be one bucket; the old grid begins at ``offset`` of the new one."""
        half = self._buckets // 2
        for kind, counts in self._counts.items():
            new = array("Q", bytes(8 * self._buckets))
            for index in range(half):
                new[offset + index] = counts[2 * index] + counts[2 * index + 1]
            self._counts[kind] = new
        self.width *= 2.0
