"""Did events become more frequent? Counts over two spans of time, exact, and honest about bursts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

#: Fewer buckets, or fewer events in all of them, say nothing about bursts.
MIN_BUCKETS = 8
MIN_EVENTS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class RateChange:
    """Two rates of events and their ratio.

    Attributes:
        before: Events per second before.
        after: Events per second after.
        ratio: ``after / before``; infinite where there was none before, 1 where there was none at all.
        low: Lower end of the interval of the ratio.
        high: Upper end of it; may be infinite.
        p_value: That both rates are the same; two-sided.
        dispersion: By how many times the counts vary more than those of independent events.
    """

    before: float
    after: float
    ratio: float
    low: float
    high: float
    p_value: float
    dispersion: float
    confidence: float


def rate_change(
    before: int,
    before_seconds: float,
    after: int,
    after_seconds: float,
    *,
    dispersion: float = 1.0,
    confidence: float = 0.95,
) -> RateChange:
    """Return how a rate of events changed.

    Given their sum, independent events that are as frequent after as before fall into the span after with probability
    ``after_seconds / (before_seconds + after_seconds)``: an exact binomial test (twice the smaller tail) and the
    Clopper-Pearson interval of that share, turned into a ratio. Events that come in bursts are counted as ``1 /
    dispersion`` of an event each, for which the binomial tails are continued by the incomplete beta function.

    Source: Przyborowski and Wilenski (1940), Biometrika 31:313; Clopper and Pearson (1934), Biometrika 26:404;
    McCullagh and Nelder (1989), Generalized Linear Models, 6.2.3 (dispersion).

    Example:
        >>> change = rate_change(10, 100.0, 30, 100.0)
        >>> round(change.ratio, 1), round(change.p_value, 4), round(change.low, 2), round(change.high, 2)
        (3.0, 0.0022, 1.43, 6.88)

    Raises:
        ValueError: A count is negative, a span is not positive, or the dispersion is below 1.
    """
    if before < 0 or after < 0:
        raise ValueError("a count is not negative")
    if before_seconds <= 0.0 or after_seconds <= 0.0:
        raise ValueError("events are counted over a span of time")
    if dispersion < 1.0:
        raise ValueError(f"counts vary at least as those of independent events, got a dispersion of {dispersion}")
    from scipy.special import betainc, betaincinv

    k, n = after / dispersion, (before + after) / dispersion
    share = after_seconds / (before_seconds + after_seconds)
    at_least = float(betainc(k, n - k + 1.0, share)) if after else 1.0
    at_most = float(betainc(n - k, k + 1.0, 1.0 - share)) if before else 1.0
    alpha = (1.0 - confidence) / 2.0
    low = float(betaincinv(k, n - k + 1.0, alpha)) if after else 0.0
    high = float(betaincinv(k + 1.0, n - k, 1.0 - alpha)) if before else 1.0
    first, second = before / before_seconds, after / after_seconds
    return RateChange(
        before=first,
        after=second,
        ratio=second / first if before else (math.inf if after else 1.0),
        low=_ratio(low, share),
        high=_ratio(high, share),
        p_value=min(1.0, 2.0 * min(at_least, at_most)) if n else 1.0,
        dispersion=dispersion,
        confidence=confidence,
    )


def _ratio(share: float, expected: float) -> float:
    """Return the ratio of rates at which this share of events falls into the span after."""
    return math.inf if share >= 1.0 else share / (1.0 - share) * (1.0 - expected) / expected


def dispersion(counts: Sequence[int]) -> float:
    """Return variance over mean of the counts in buckets of equal length, at least 1: how bursty events are.

    With fewer than 8 buckets or 8 events it is 1, for nothing is known.

    Example:
        >>> dispersion([3, 4, 3, 5, 4, 3, 4, 4]), dispersion([0, 0, 40, 0, 0, 0, 40, 0]) > 30
        (1.0, True)
    """
    n, total = len(counts), sum(counts)
    if n < MIN_BUCKETS or total < MIN_EVENTS:
        return 1.0
    mean = total / n
    return max(1.0, sum((count - mean) ** 2 for count in counts) / (n - 1) / mean)
