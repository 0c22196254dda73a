"""What was normal: counts, errors and durations by name and time slot, in bounded memory (pure)."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterator
from typing import Any

SLOT_SECONDS = 15
SLOTS = 40  # ten minutes in slots; what is older is kept as one
#: More nanoseconds than any call takes.
NEVER = 1 << 62
#: A call is slow when it takes this many times the 99th percentile of the last 15 s, judged by as many calls at least;
#: what is over in ten milliseconds is never slow: telling it costs a tenth of that.
SLOW_TIMES, SLOW_CALLS, SLOW_NS = 4, 100, 10_000_000


def bucket_of(nanoseconds: int) -> int:
    """Return the bucket of a duration: eight to each power of two, at most 12.5 % wide."""
    bits = nanoseconds.bit_length()
    if bits <= 3:
        return max(nanoseconds, 0)
    return ((bits - 3) << 3) + (nanoseconds >> (bits - 4)) - 8


def bounds_of(bucket: int) -> tuple[int, int]:
    """Return the smallest duration of a bucket and the smallest of the next one, in nanoseconds.

    Example:
        >>> bounds_of(bucket_of(1_000_000))
        (983040, 1048576)
    """
    if bucket < 8:
        return bucket, bucket + 1
    shift, step = (bucket >> 3) - 1, bucket & 7
    low = (8 + step) << shift
    return low, low + (1 << shift)


class Slot:
    """The calls of one name in one stretch of time."""

    __slots__ = ("buckets", "count", "errors", "index", "maximum", "minimum", "total")

    def __init__(self, index: int) -> None:
        self.index = index
        self.count = 0
        self.errors = 0
        self.total = 0
        self.minimum = 0
        self.maximum = 0
        self.buckets: dict[int, int] = {}

    def add(self, durations: list[int], errors: int) -> None:
        """Add durations in nanoseconds; the list is sorted in place."""
        if not durations:
            return
        durations.sort()
        self.minimum = min(self.minimum, durations[0]) if self.count else durations[0]
        self.maximum = max(self.maximum, durations[-1])
        self.count += len(durations)
        self.errors += errors
        self.total += sum(durations)
        buckets, start, end = self.buckets, 0, len(durations)
        # Sorting in C and jumping from bucket to bucket is cheaper than one step a duration.
        while start < end:
            bucket = bucket_of(durations[start])
            stop = bisect_left(durations, bounds_of(bucket)[1], start)
            buckets[bucket] = buckets.get(bucket, 0) + stop - start
            start = stop

    def merge(self, other: Slot) -> None:
        """Add what another slot holds."""
        if not other.count:
            return
        self.minimum = min(self.minimum, other.minimum) if self.count else other.minimum
        self.maximum = max(self.maximum, other.maximum)
        self.count += other.count
        self.errors += other.errors
        self.total += other.total
        if not self.buckets:
            self.buckets = other.buckets.copy()
            return
        for bucket, count in list(other.buckets.items()):  # a signal handler may record meanwhile
            self.buckets[bucket] = self.buckets.get(bucket, 0) + count

    def quantile(self, q: float) -> float:
        """Return the quantile in seconds: the middle of its bucket, within 6.25 %; NaN when empty."""
        if not self.count:
            return float("nan")
        rank = q * (self.count - 1)
        seen = 0
        for bucket in sorted(self.buckets):
            seen += self.buckets[bucket]
            if seen > rank:
                low, high = bounds_of(bucket)
                middle = (low + high - 1) / 2
                return min(max(middle, self.minimum), self.maximum) / 1e9
        return self.maximum / 1e9


class History:
    """The slots of one name, oldest first, and one for all that is older."""

    __slots__ = ("_dropped_to", "_full", "_full_to", "older", "slots")

    def __init__(self) -> None:
        self.slots: deque[Slot] = deque()
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.slots.clear()
        self.older = Slot(-1)
        self._dropped_to = -1
        self._full, self._full_to = Slot(-1), -1

    def add(self, index: int, durations: list[int], errors: int) -> None:
        """Add what happened in the slot of this index."""
        slots = self.slots
        if not slots or slots[-1].index < index:
            slots.append(Slot(index))
            while len(slots) > SLOTS or slots[0].index < index - SLOTS:
                self._dropped_to = slots[0].index
                self.older.merge(slots.popleft())
        slots[-1].add(durations, errors)

    def up_to(self, index: int | None) -> Slot:
        """Return all that lies in slots before ``index`` (all there is for None), as one."""
        merged = Slot(-1)
        for slot in self._all():
            if index is None or slot.index < index:
                merged.merge(slot)
        return merged

    def whole(self) -> Slot:
        """Return all there is, as one; a slot that is full is merged once, so that a scrape is cheap."""
        slots = list(self.slots)
        if self._dropped_to > self._full_to:  # nobody asked for so long that slots went unseen
            self._full = Slot(-1)
            self._full.merge(self.older)
            self._full_to = self._dropped_to
        for slot in slots[:-1]:
            if slot.index > self._full_to:
                self._full.merge(slot)
                self._full_to = slot.index
        merged = Slot(-1)
        merged.merge(self._full)
        if slots:
            merged.merge(slots[-1])
        return merged

    def since(self, index: int) -> Slot:
        """Return all that lies in slots from ``index`` on, as one."""
        merged = Slot(index)
        for slot in list(self.slots):
            if slot.index >= index:
                merged.merge(slot)
        return merged

    def last_full(self, index: int) -> Slot:
        """Return the newest slot before ``index``, else what is older."""
        for slot in reversed(self.slots):
            if slot.index < index:
                return slot
        return self.older

    def _all(self) -> Iterator[Slot]:
        yield self.older
        yield from list(self.slots)


def slow_after(slot: Slot) -> int:
    """Return after how many nanoseconds a call is slow, by what was normal; ``NEVER`` while that is not known."""
    if slot.count < SLOW_CALLS:
        return NEVER
    return max(int(SLOW_TIMES * slot.quantile(0.99) * 1e9), SLOW_NS)


def summary(slot: Slot) -> dict[str, Any]:
    """Return plain values: counts, and durations in seconds."""
    if not slot.count:
        return {"count": 0, "errors": 0}
    return {
        "count": slot.count,
        "errors": slot.errors,
        "error_ratio": slot.errors / slot.count,
        "mean_seconds": slot.total / slot.count / 1e9,
        "min_seconds": slot.minimum / 1e9,
        "p50_seconds": slot.quantile(0.50),
        "p95_seconds": slot.quantile(0.95),
        "p99_seconds": slot.quantile(0.99),
        "max_seconds": slot.maximum / 1e9,
    }
