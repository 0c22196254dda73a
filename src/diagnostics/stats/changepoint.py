"""When did it change? One step in a mean or a rate, with the span of time in which it happened."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from diagnostics.stats.autocorrelation import MIN_EFFECTIVE, variance_inflation
from diagnostics.stats.proportions import NORMAL
from diagnostics.stats.sequential import stabilised
from diagnostics.stats.summary import checked, fences

#: Fewer values than this on a side of the step are no level.
MIN_SIDE = 3
MIN_VALUES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step in a series.

    Attributes:
        index: First value after the step.
        earliest: Lower end of the interval for ``index``.
        latest: Upper end of it.
        before: Mean before.
        after: Mean after.
        effect: ``after - before`` (of the clipped values) in standard deviations of one value.
        gain: By how much the step lowers the sum of squares, in inflated variances; it was found because this
            exceeds the penalty.
        penalty: ``2 ln(n)``.
        inflation: Of the variance, for autocorrelation.
        p_value: That a series without a step looks like this somewhere.
    """

    index: int
    earliest: int
    latest: int
    before: float
    after: float
    effect: float
    gain: float
    penalty: float
    inflation: float
    p_value: float
    confidence: float


def step_in_mean(values: Sequence[float], confidence: float = 0.95, *, independent: bool = False) -> Step | None:
    """Return the best single step of the mean, or None when the series has none (or fewer than 8 values).

    Least squares on values clipped at Tukey's outer fences, with the penalty ``2 ln(n)`` times the inflated
    variance; a step that noise shows somewhere with more than ``1 - confidence`` is none, and neither is one
    in a series that is worth fewer than 8 values. The interval holds every place whose likelihood ratio to the
    best is below the critical value ``-2 ln(1 - sqrt(confidence))``.

    Source: Yao (1988), Stat. Probab. Lett. 6:181 (penalty); Hansen (2000), Econometrica 68:575, and Bai
    (1997), REStat 79:551 (interval); Vostrikova (1981), Theory Probab. Appl. 26:356, as in Csorgo and Horvath
    (1997), Limit Theorems in Change-Point Analysis, eq. 1.3.26 (p-value).
    """
    y = checked(values) if len(values) else []
    n = len(y)
    if n < MIN_VALUES:
        return None
    low, high = fences(y)
    x = [min(high, max(low, v)) for v in y]
    mean = math.fsum(x) / n
    total = math.fsum((v - mean) ** 2 for v in x)
    if total <= 0.0:
        return None
    # Gain of a step at k: the between-groups sum of squares; cumulative sums make it one pass.
    gains: dict[int, float] = {}
    running = 0.0
    for k in range(1, n):
        running += x[k - 1] - mean
        if MIN_SIDE <= k <= n - MIN_SIDE:
            gains[k] = running * running * n / (k * (n - k))
    best = max(gains, key=gains.__getitem__)
    first, second = x[:best], x[best:]
    c1, c2 = math.fsum(first) / len(first), math.fsum(second) / len(second)
    variance = (math.fsum((v - c1) ** 2 for v in first) + math.fsum((v - c2) ** 2 for v in second)) / (n - 2)
    # A step without any noise around it is certain; the smallest noise that doubles can express stands in for
    # none.
    variance = max(variance, total * 1e-12)
    factor = 1.0 if independent else variance_inflation(first, second)
    unit = variance * factor
    gain, penalty = gains[best] / unit, 2.0 * math.log(n)
    p = _p_of(math.sqrt(gain), n, factor)
    if gain <= penalty or p > 1.0 - confidence or n < factor * MIN_EFFECTIVE:
        return None
    m1, m2 = math.fsum(y[:best]) / best, math.fsum(y[best:]) / (n - best)
    critical = -2.0 * math.log(1.0 - math.sqrt(confidence))
    near = [k for k, value in gains.items() if gain - value / unit <= critical]
    return Step(
        index=best,
        earliest=min(near),
        latest=max(near),
        before=m1,
        after=m2,
        effect=(c2 - c1) / math.sqrt(variance),
        gain=gain,
        penalty=penalty,
        inflation=factor,
        p_value=p,
        confidence=confidence,
    )


def step_in_rate(counts: Sequence[int], confidence: float = 0.95, *, independent: bool = False) -> Step | None:
    """Return the best single step in counts per bucket; ``before`` and ``after`` are mean counts.

    On Anscombe's scale, where the variance of a count does not depend on its mean.
    """
    if any(k < 0 for k in counts):
        raise ValueError("a count is not negative")
    found = step_in_mean(stabilised(counts), confidence, independent=independent)
    if found is None:
        return None
    from dataclasses import replace

    k = found.index
    return replace(found, before=sum(counts[:k]) / k, after=sum(counts[k:]) / (len(counts) - k))


def _p_of(largest: float, n: int, factor: float) -> float:
    """Chance that a series without a step shows one of ``largest`` standard errors somewhere."""
    from scipy.stats import t

    # The standard error is estimated: what t exceeds as rarely as the normal exceeds x.
    p = float(t.sf(largest, max(1.0, n / factor - 2.0)))
    x = -NORMAL.inv_cdf(p) if p > 1e-300 else 37.0
    if x < 1.5:
        return 1.0
    # Neighbours that are alike leave fewer places to look at.
    edge = min(0.45, max(MIN_SIDE, factor / 2.0) / n)
    places = 2.0 * math.log((1.0 - edge) / edge)
    density = x * math.exp(-x * x / 2.0) / math.sqrt(2.0 * math.pi)
    return min(1.0, density * ((1.0 - 1.0 / (x * x)) * places + 4.0 / (x * x)))
