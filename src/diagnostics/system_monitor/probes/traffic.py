"""Has the traffic changed? Paths whose share or rate is another than before (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from diagnostics.stats.multiplicity import holm
from diagnostics.stats.proportions import difference, wilson

FEWEST_REQUESTS = 30
"""In each window; with fewer nothing is said."""
POINTS = 0.1
"""Change of a path's share that matters."""
FACTOR = 2.0
"""Change of a rate that matters; the whole interval has to lie beyond it."""
ALPHA = 0.001
MOST_PATHS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A path (or all of them, with an empty path) that is asked more or less than before.

    Attributes:
        share: Of all requests, recently.
        rate_ratio: Requests a second recently over those before.
    """

    path: str
    share: float
    share_before: float
    rate_ratio: float


def shifts(
    before: Mapping[str, int], recent: Mapping[str, int], before_seconds: float, recent_seconds: float
) -> list[Shift]:
    """Return what changed beyond chance and enough to matter, the biggest change of share first.

    The total rate changed when the interval of its ratio (conditional on the sum, Przyborowski and Wilenski 1940) lies
    beyond twice or half. A path's share changed when it moved by ten points and Fisher's exact test, corrected for all
    paths (Holm), says so.
    """
    before_all, recent_all = sum(before.values()), sum(recent.values())
    if before_all < FEWEST_REQUESTS or before_seconds <= 0 or recent_seconds <= 0:
        return []
    found = []
    part = wilson(recent_all, recent_all + before_all, 1 - ALPHA)
    time = recent_seconds / before_seconds
    low, high = _odds(part.low) / time, _odds(part.high) / time
    ratio = recent_all / before_all / time
    if low > FACTOR or high < 1 / FACTOR:
        found.append(Shift(path="", share=1.0, share_before=1.0, rate_ratio=ratio))
    if recent_all < FEWEST_REQUESTS:
        return found
    moved = []
    for path in before.keys() | recent.keys():
        was, now = before.get(path, 0) / before_all, recent.get(path, 0) / recent_all
        if abs(now - was) >= POINTS:
            rate = _ratio(recent.get(path, 0), before.get(path, 0)) / time
            moved.append(Shift(path=path, share=now, share_before=was, rate_ratio=rate))
    tests = [
        difference(before.get(shift.path, 0), before_all, recent.get(shift.path, 0), recent_all).p_value
        for shift in moved
    ]
    # Paths that did not move by ten points were looked at, too: they count in the correction.
    count = len(before.keys() | recent.keys())
    kept = [shift for shift, p in zip(moved, holm([*tests, *[1.0] * (count - len(tests))]), strict=False) if p < ALPHA]
    kept.sort(key=lambda shift: (-abs(shift.share - shift.share_before), shift.path))
    return found + kept[:MOST_PATHS]


def _odds(share: float) -> float:
    return share / (1 - share) if share < 1 else float("inf")


def _ratio(recent: int, before: int) -> float:
    return recent / before if before else float(recent)
