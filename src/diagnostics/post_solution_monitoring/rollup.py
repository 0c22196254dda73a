"""Roll-ups: what a year of results comes to, in buckets of five minutes and of an hour (pure)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from diagnostics.model.health import CheckResult, CheckState

DURATION = "duration_seconds"
FAILED = "failed"
UNKNOWN = "unknown"
OWN = (FAILED, UNKNOWN, DURATION)
"""Numbers that every result has: whether it failed, whether nothing was known (1 or 0), and how long it took."""

FINE_SECONDS, COARSE_SECONDS = 300, 3600
KEPT_SECONDS: Mapping[int, float] = {FINE_SECONDS: 14 * 86_400.0, COARSE_SECONDS: 400 * 86_400.0}
"""How long each resolution is kept: two weeks to look closely, thirteen months to compare with last year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """What one number came to over one stretch of time.

    Attributes:
        at: Where the stretch begins, in UTC.
        count: How many results had the number.
        mean: Their mean.
        low: The lowest of them.
        high: The highest.
    """

    at: datetime
    count: int
    mean: float
    low: float
    high: float


def numbers_of(result: CheckResult) -> Iterator[tuple[str, float]]:
    """Yield each number of a result by name; a run that could not look has neither passed nor failed."""
    unknown = result.state is CheckState.UNKNOWN
    yield UNKNOWN, float(unknown)
    if not unknown:
        yield FAILED, float(result.state is CheckState.FAIL)
    yield DURATION, result.duration_seconds
    for name, value in result.metrics.items():
        if name not in OWN and math.isfinite(value):
            yield name, float(value)


def bucket_of(at: float, step: float) -> int:
    """Return the number of the bucket of ``step`` seconds that holds this moment (unix seconds).

    Example:
        >>> bucket_of(3599.9, 3600), bucket_of(3600.0, 3600)
        (0, 1)
    """
    return math.floor(at / step)


def resolution_for(step: float, age: float) -> int | None:
    """Return the coarsest resolution that shows steps of ``step`` seconds and reaches back ``age``; None: the results.

    What is older than a resolution keeps is shown as coarsely as it is kept.
    """
    if step >= COARSE_SECONDS or age > KEPT_SECONDS[FINE_SECONDS]:
        return COARSE_SECONDS
    return FINE_SECONDS if step >= FINE_SECONDS else None


def joined(one: Sequence[float], other: Sequence[float]) -> tuple[int, float, float, float]:
    """Return the sum of two parts (count, total, low, high)."""
    return int(one[0] + other[0]), one[1] + other[1], min(one[2], other[2]), max(one[3], other[3])


def gathered(points: Iterable[tuple[float, int, float, float, float]], step: float) -> list[Bucket]:
    """Return buckets of ``step`` seconds from parts (unix seconds, count, total, low, high), oldest first."""
    sums: dict[int, tuple[float, float, float, float]] = {}
    for at, *part in points:
        place = bucket_of(at, step)
        kept = sums.get(place)
        sums[place] = joined(kept, part) if kept is not None else (part[0], part[1], part[2], part[3])
    return [
        Bucket(at=datetime.fromtimestamp(place * step, UTC), count=int(count), mean=total / count, low=low, high=high)
        for place, (count, total, low, high) in sorted(sums.items())
    ]


def from_results(results: Iterable[CheckResult], metric: str, until: datetime, step: float) -> list[Bucket]:
    """Return a number of the results before ``until`` in buckets of ``step`` seconds, oldest first."""
    parts = (
        (result.at.timestamp(), 1, value, value, value)
        for result in results
        if result.at is not None and result.at < until
        for name, value in numbers_of(result)
        if name == metric
    )
    return gathered(parts, step)
