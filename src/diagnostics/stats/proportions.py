"""How often does it happen? Rates with intervals, and whether two rates differ."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

NORMAL = NormalDist()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A rate that was observed, and where the true one lies."""

    successes: int
    n: int
    rate: float
    low: float
    high: float
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RateDifference:
    """How much a rate changed: ``after - before``, with interval and exact p-value."""

    before: Rate
    after: Rate
    difference: float
    low: float
    high: float
    p_value: float


def z_of(confidence: float) -> float:
    """Return the two-sided normal quantile of a confidence such as 0.95 (1.96).

    Raises:
        ValueError: The confidence is not between 0 and 1.
    """
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"a confidence lies between 0 and 1, got {confidence}")
    return NORMAL.inv_cdf(0.5 + confidence / 2.0)


def wilson(successes: int, n: int, confidence: float = 0.95) -> Rate:
    """Return the rate with Wilson's score interval; without any trial nothing is known: 0 to 1.

    Source: Wilson (1927), JASA 22:209; without continuity correction, as method 3 in Newcombe (1998), Stat.
    Med. 17:857.

    Example:
        >>> r = wilson(81, 263)
        >>> round(r.low, 4), round(r.high, 4)
        (0.2553, 0.3662)
    """
    _check(successes, n)
    z = z_of(confidence)
    if n == 0:
        return Rate(successes=0, n=0, rate=math.nan, low=0.0, high=1.0, confidence=confidence)
    p = successes / n
    centre = p + z * z / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    # Rounding must not push the interval off the observed rate: it holds it by construction.
    low = 0.0 if successes == 0 else max(0.0, min(p, (centre - half) / scale))
    high = 1.0 if successes == n else min(1.0, max(p, (centre + half) / scale))
    return Rate(successes=successes, n=n, rate=p, low=low, high=high, confidence=confidence)


def difference(
    before_successes: int, before_n: int, after_successes: int, after_n: int, confidence: float = 0.95
) -> RateDifference:
    """Return ``after - before`` with Newcombe's hybrid score interval and Fisher's exact p-value.

    Source: method 10 in Newcombe (1998), Stat. Med. 17:873.

    Raises:
        ValueError: One side has no trial.
    """
    if before_n < 1 or after_n < 1:
        raise ValueError("a difference of rates needs trials on both sides")
    b = wilson(before_successes, before_n, confidence)
    a = wilson(after_successes, after_n, confidence)
    d = a.rate - b.rate
    low = d - math.hypot(a.rate - a.low, b.high - b.rate)
    high = d + math.hypot(a.high - a.rate, b.rate - b.low)
    return RateDifference(
        before=b,
        after=a,
        difference=d,
        low=max(-1.0, low),
        high=min(1.0, high),
        p_value=fisher_exact(before_successes, before_n, after_successes, after_n),
    )


def fisher_exact(a_successes: int, a_n: int, b_successes: int, b_n: int) -> float:
    """Return the two-sided p-value that both sides have the same rate, given the margins.

    Source: Fisher (1935); two-sided as the sum over tables at most as likely as the observed one.
    """
    _check(a_successes, a_n)
    _check(b_successes, b_n)
    from scipy.stats import fisher_exact as exact

    table = [[a_successes, a_n - a_successes], [b_successes, b_n - b_successes]]
    return min(1.0, float(exact(table)[1]))


def trials_for(required_rate: float, confidence: float = 0.95) -> int:
    """Return how many trials, all successful, put Wilson's lower bound at ``required_rate`` (below 1).

    Solved from the interval at ``successes == n``: ``low = n / (n + z^2)``.

    Example:
        >>> trials_for(0.9)
        35
    """
    if not 0.0 <= required_rate < 1.0:
        raise ValueError(f"no number of trials proves a rate of {required_rate}")
    z = z_of(confidence)
    return max(1, math.ceil(z * z * required_rate / (1.0 - required_rate)))


def _check(successes: int, n: int) -> None:
    if n < 0 or not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n} trials is no count")
