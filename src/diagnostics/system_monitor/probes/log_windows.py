"""When did it begin, and what is recent and what was before (pure)."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

RECENT_SECONDS = 60.0
STALE_SECONDS = 120.0
"""A log whose last line is older has no recent lines: what it shows ended long ago."""
SHORTEST_RECENT_SECONDS = 5.0
_BUCKET_SECONDS = 5.0
_MOST_BUCKETS = 2_000
_MIN_ERRORS = 5
_MIN_RATE_RATIO = 3.0
_MIN_EVIDENCE = 12.0
"""Nats in favour of a step; with 2,000 places to look, chance reaches it once in a hundred quiet logs."""
_MIN_REQUESTS = 20
_MIN_SLOWDOWN = math.log(1.5)
_MIN_T = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """The two stretches of time that are compared.

    Attributes:
        recent: Start and end, unix seconds.
        before: Start and end; empty when the log does not reach back so far.
        before_seconds: How much of ``before`` was really read.
    """

    recent: tuple[float, float]
    before: tuple[float, float]
    before_seconds: float

    @property
    def recent_seconds(self) -> float:
        return self.recent[1] - self.recent[0]

    @property
    def scale(self) -> float:
        """Return the factor that brings a count of ``before`` to the length of ``recent``."""
        return self.recent_seconds / self.before_seconds if self.before_seconds > 0 else 0.0

    def is_recent(self, at: float) -> bool:
        return self.recent[0] < at <= self.recent[1]

    def was_before(self, at: float) -> bool:
        return self.before[0] <= at <= self.before[1]


def windows(*, last: float, now: float, covered: Sequence[tuple[float, float]], onset: float | None = None) -> Windows:
    """Return the windows of a log.

    Args:
        last: Moment of its last line.
        now: The clock.
        covered: Stretches that were read without gaps.
        onset: When the trouble began, if a step was found.
    """
    end = last if now - last <= STALE_SECONDS else now
    oldest = min((span[0] for span in covered), default=end)
    start = end - RECENT_SECONDS
    if start < oldest < end:  # a short log: what was not read is no time without errors
        start = math.nextafter(oldest, -math.inf)
    if onset is not None and onset > start:
        start = min(onset, end - SHORTEST_RECENT_SECONDS)
    # The first moment of the recent window belongs to it, and so does the error with which the trouble began.
    start = math.nextafter(start, -math.inf) if onset is not None else start
    until = start if onset is None else min(start, onset)
    seconds = sum(max(0.0, min(b, until) - a) for a, b in covered if a < until)
    return Windows(recent=(start, end), before=(oldest, until), before_seconds=seconds if seconds >= 1.0 else 0.0)


def error_onset(errors: Sequence[float], covered: Sequence[tuple[float, float]]) -> float | None:
    """Return when the rate of errors stepped up and stayed there; None when it did not.

    The place is the split with the largest Poisson log-likelihood ratio over equal buckets.
    """
    if not covered or len(errors) < _MIN_ERRORS:
        return None
    start, end = covered[0][0], max(span[1] for span in covered)
    moments = sorted(errors)
    width = max(_BUCKET_SECONDS, (end - start) / _MOST_BUCKETS)
    edges = [start + i * width for i in range(1, int((end - start) / width) + 1)]
    best, place = max(((_step_at(edge, moments, covered, start, end), edge) for edge in edges), default=(0.0, 0.0))
    if best <= 0.0:
        return None
    # The first error itself is a better place than the edge of a bucket near it.
    near = moments[bisect_left(moments, place - width) : bisect_left(moments, place + width)]
    exact = [(_step_at(at, moments, covered, start, end), at) for at in near[:: max(1, len(near) // 200)]]
    best, place = max([(best, place), *exact])
    if best < _MIN_EVIDENCE or not _lasts(moments, place, end, width):
        return None
    first = bisect_left(moments, place)
    return moments[first] if first < len(moments) else place


def _step_at(
    place: float, moments: Sequence[float], covered: Sequence[tuple[float, float]], start: float, end: float
) -> float:
    """Return the evidence for a step up at this place, in nats; zero where there is none."""
    left_n = bisect_left(moments, place)
    right_n = len(moments) - left_n
    single = len(covered) == 1
    left_t = place - start if single else _overlap(covered, start, place)
    right_t = (end - place if single else _overlap(covered, place, end)) or 0.1
    if right_n < _MIN_ERRORS or left_t < _BUCKET_SECONDS:
        return 0.0
    if right_n / right_t < _MIN_RATE_RATIO * max(left_n, 0.5) / left_t:
        return 0.0
    return _poisson(left_n, left_t) + _poisson(right_n, right_t) - _poisson(len(moments), left_t + right_t)


def _overlap(covered: Sequence[tuple[float, float]], start: float, end: float) -> float:
    return sum(max(0.0, min(b, end) - max(a, start)) for a, b in covered)


def _poisson(count: int, seconds: float) -> float:
    return count * math.log(count / seconds) - count if count else 0.0


def _lasts(moments: Sequence[float], edge: float, end: float, width: float) -> bool:
    """Return whether errors came in at least half of the buckets since; one burst is no step."""
    buckets = max(1, math.ceil((end - edge) / width))
    hit = {int((at - edge) / width) for at in moments[bisect_left(moments, edge) :]}
    return len(hit) >= (buckets + 1) // 2


def slowdown_onset(moments: Sequence[float], seconds: Sequence[float]) -> float | None:
    """Return when requests became slower and stayed so; None when they did not.

    The place is the split with the largest Welch t of the logarithm of the duration.
    """
    pairs = [(at, math.log(max(s, 1e-5))) for at, s in zip(moments, seconds, strict=True) if not math.isnan(s)]
    pairs.sort(key=lambda pair: pair[0])  # by moment alone: many logs count in whole seconds
    n = len(pairs)
    if n < 2 * _MIN_REQUESTS:
        return None
    sums, squares = [0.0], [0.0]
    for _, value in pairs:
        sums.append(sums[-1] + value)
        squares.append(squares[-1] + value * value)
    step = max(1, n // _MOST_BUCKETS)
    best, best_at = 0.0, None
    for i in range(_MIN_REQUESTS, n - _MIN_REQUESTS + 1, step):
        left, right = sums[i] / i, (sums[n] - sums[i]) / (n - i)
        if right - left < _MIN_SLOWDOWN:
            continue
        left_var = max(1e-6, squares[i] / i - left * left) / i
        right_var = max(1e-6, (squares[n] - squares[i]) / (n - i) - right * right) / (n - i)
        t = (right - left) / math.sqrt(left_var + right_var)
        if t > best:
            best, best_at = t, pairs[i][0]
    return best_at if best >= _MIN_T else None
