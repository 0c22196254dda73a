"""What was normal? Robust description of one sample."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

#: Makes the median absolute deviation estimate the standard deviation of normal data: 1 / Phi^-1(3/4).
MAD_TO_SIGMA = 1.4826022185056018


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSummary:
    """Place and spread of ``n`` values; ``mad`` is the bare median absolute deviation, not scaled."""

    n: int
    mean: float
    median: float
    mad: float
    p05: float
    p95: float
    p99: float
    minimum: float
    maximum: float


def quantile(ordered: Sequence[float], q: float) -> float:
    """Return the ``q`` quantile of values in ascending order, linear between neighbours.

    Source: definition 7 in Hyndman and Fan (1996), Am. Stat. 50:361; numpy's default.
    """
    if not ordered:
        raise ValueError("no values, no quantile")
    if not 0.0 <= q <= 1.0:
        raise ValueError(f"a quantile lies between 0 and 1, got {q}")
    place = q * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    low, high = ordered[below], ordered[above]
    # Written so that equal neighbours give back themselves, and the result never leaves them.
    return min(high, max(low, low + (high - low) * (place - below)))


def fences(values: Sequence[float], *, width: float = 3.0) -> tuple[float, float]:
    """Return Tukey's outer fences: quartiles, three interquartile ranges out; no fence where half of it is equal.

    Source: Tukey (1977), Exploratory Data Analysis, 2E.
    """
    ordered = sorted(values)
    low, high = quantile(ordered, 0.25), quantile(ordered, 0.75)
    spread = high - low
    return (low - width * spread, high + width * spread) if spread > 0.0 else (-math.inf, math.inf)


def summarize(values: Sequence[float]) -> SampleSummary:
    """Return the robust summary of a sample.

    Raises:
        ValueError: The sample is empty or holds a value that is not finite.
    """
    ordered = checked(values)
    ordered.sort()
    middle = quantile(ordered, 0.5)
    return SampleSummary(
        n=len(ordered),
        mean=min(ordered[-1], max(ordered[0], math.fsum(v / len(ordered) for v in ordered))),
        median=middle,
        mad=quantile(sorted(abs(v - middle) for v in ordered), 0.5),
        p05=quantile(ordered, 0.05),
        p95=quantile(ordered, 0.95),
        p99=quantile(ordered, 0.99),
        minimum=ordered[0],
        maximum=ordered[-1],
    )


def checked(values: Sequence[float], *, at_least: int = 1) -> list[float]:
    """Return the values as a list of floats.

    Raises:
        ValueError: There are fewer than ``at_least``, or one is not finite.
    """
    listed = [float(v) for v in values]
    if len(listed) < at_least:
        raise ValueError(f"needs at least {at_least} value{'s' if at_least > 1 else ''}, got {len(listed)}")
    if not all(math.isfinite(v) for v in listed):
        raise ValueError("a value that is not finite is a failed probe, not a measurement")
    return listed
