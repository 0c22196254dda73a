"""Did values move? Two samples compared by ranks and by ratio, honest about autocorrelation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

from diagnostics.stats.autocorrelation import cautious, corrected, inflation
from diagnostics.stats.proportions import z_of
from diagnostics.stats.summary import checked, quantile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_NORMAL = NormalDist()

#: Longer samples are thinned to so many evenly spaced order statistics before all pairs are formed (16 MB).
MAX_PAIRWISE = 1500


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """How far ``after`` lies from ``before``.

    Attributes:
        shift: Hodges-Lehmann estimate: the median of all differences ``after - before``.
        low: Lower end of its interval.
        high: Upper end of its interval.
        median_difference: Difference of the two medians.
        cliffs_delta: P(after > before) - P(after < before), from -1 to 1; below 0.147 negligible, from 0.474
            large.
        p_value: Of the rank test, with the variance inflated for autocorrelation.
        inflation: By how much; 1 for independent values.
        n_before: Values before.
        n_after: Values after.
        n_effective: What both together are worth.
    """

    shift: float
    low: float
    high: float
    median_difference: float
    cliffs_delta: float
    p_value: float
    inflation: float
    n_before: int
    n_after: int
    n_effective: float
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """How many times ``after`` is ``before``, by geometric means."""

    ratio: float
    low: float
    high: float
    p_value: float
    inflation: float
    n_before: int
    n_after: int
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RankTest:
    """Result of the Mann-Whitney test, with what its variance was inflated by."""

    u: float
    z: float
    p_value: float
    inflation: float


def rank_test(before: Sequence[float], after: Sequence[float], *, independent: bool = False) -> RankTest:
    """Test whether values after tend to be larger or smaller, two-sided.

    Mann-Whitney's U with ties, normal approximation with continuity correction, and the variance multiplied
    by the inflation of the mean of the ranks under AR(1). With ``independent`` and at most 20 values a side
    and no ties, the exact p-value.

    Source: Mann and Whitney (1947), Ann. Math. Stat. 18:50; ties as in Lehmann (1975), Nonparametrics, 1.4.
    """
    import numpy as np
    from scipy import stats

    x, y = np.array(checked(before)), np.array(checked(after))
    n, m = len(x), len(y)
    ranks = stats.rankdata(np.concatenate((x, y)))
    u = float(ranks[n:].sum() - m * (m + 1) / 2)
    factor = 1.0 if independent else _inflation(ranks[:n], ranks[n:])
    _, ties = np.unique(ranks, return_counts=True)
    total = n + m
    if independent and max(n, m) <= 20 and len(ties) == total:
        p = float(stats.mannwhitneyu(y, x, alternative="two-sided", method="exact").pvalue)
        return RankTest(
            u=u,
            z=math.copysign(_NORMAL.inv_cdf(1 - p / 2) if p < 1 else 0.0, u - n * m / 2),
            p_value=p,
            inflation=1.0,
        )
    correction = float((ties.astype(float) ** 3 - ties).sum()) / (total * (total - 1)) if total > 1 else 0.0
    variance = n * m / 12.0 * (total + 1 - correction) * factor
    if variance <= 0:
        return RankTest(u=u, z=0.0, p_value=1.0, inflation=factor)
    distance = max(0.0, abs(u - n * m / 2) - 0.5)
    z = math.copysign(distance / math.sqrt(variance), u - n * m / 2)
    return RankTest(u=u, z=z, p_value=min(1.0, math.erfc(abs(z) / math.sqrt(2))), inflation=factor)


def median_shift(before: Sequence[float], after: Sequence[float], confidence: float = 0.95) -> Shift:
    """Return how far the values moved, in their own unit and as an effect size.

    Hodges-Lehmann with Moses' interval (the rank test turned round), widened by the square root of the same
    inflation.

    Source: Hodges and Lehmann (1963), Ann. Math. Stat. 34:598; Hollander, Wolfe, Chicken (2014), 4.2-4.3;
    Cliff (1993), Psych. Bull. 114:494; its words from Romano et al. (2006).
    """
    import numpy as np

    x, y = checked(before), checked(after)
    test = rank_test(x, y)
    xs, ys = _thinned(sorted(x)), _thinned(sorted(y))
    pairs = np.sort((np.array(ys)[:, None] - np.array(xs)[None, :]).ravel())
    n, m = len(x), len(y)
    # Width in ranks out of n*m pairs, as a share, so that thinning keeps it.
    half = z_of(confidence) * math.sqrt(test.inflation * (n + m + 1) / (12.0 * n * m))
    last = len(pairs) - 1
    low = pairs[max(0, math.floor((0.5 - half) * len(pairs)) - 1)] if half < 0.5 else pairs[0]
    high = pairs[min(last, math.ceil((0.5 + half) * len(pairs)))] if half < 0.5 else pairs[last]
    above = float((pairs > 0).sum() - (pairs < 0).sum()) / len(pairs)
    return Shift(
        shift=float(np.median(pairs)),
        low=float(low),
        high=float(high),
        median_difference=quantile(sorted(y), 0.5) - quantile(sorted(x), 0.5),
        cliffs_delta=above,
        p_value=test.p_value,
        inflation=test.inflation,
        n_before=n,
        n_after=m,
        n_effective=(n + m) / test.inflation,
        confidence=confidence,
    )


def latency_ratio(before: Sequence[float], after: Sequence[float], confidence: float = 0.95) -> Ratio:
    """Return the ratio of geometric means, after to before, of positive values such as latencies.

    Welch's t on the logarithms; both variances inflated for autocorrelation, degrees of freedom by
    Satterthwaite on the effective sizes.

    Source: Welch (1947), Biometrika 34:28.

    Raises:
        ValueError: A side has fewer than two values, or one is not positive.
    """
    from scipy import stats

    x, y = checked(before, at_least=2), checked(after, at_least=2)
    if min(x) <= 0 or min(y) <= 0:
        raise ValueError("a ratio needs values above zero")
    parts = []
    for values in (x, y):
        logs = [math.log(v) for v in values]
        size = len(logs)
        mean = math.fsum(logs) / size
        variance = math.fsum((v - mean) ** 2 for v in logs) / (size - 1)
        factor = min(inflation(corrected(logs)), size / 2.0)
        parts.append((mean, variance * factor / size, max(1.0, size / factor - 1.0), factor))
    (mx, vx, nux, fx), (my, vy, nuy, fy) = parts
    d, v = my - mx, vx + vy
    if v <= 0.0:
        p = 1.0 if d == 0.0 else 0.0
        low = high = d
    else:
        nu = v * v / (vx * vx / nux + vy * vy / nuy)
        error = math.sqrt(v)
        p = float(2 * stats.t.sf(abs(d) / error, nu))
        half = float(stats.t.ppf(0.5 + confidence / 2, nu)) * error
        low, high = d - half, d + half
    return Ratio(
        ratio=math.exp(d),
        low=math.exp(max(-700.0, low)),
        high=math.exp(min(700.0, high)),
        p_value=p,
        inflation=max(fx, fy),
        n_before=len(x),
        n_after=len(y),
        confidence=confidence,
    )


def _inflation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Inflation of the difference of two mean ranks: each side's own, by its share of the variance."""
    n, m = len(a), len(b)
    fa, fb = (inflation(cautious(corrected(side.tolist()), len(side))) for side in (a, b))
    return (fa / n + fb / m) / (1.0 / n + 1.0 / m)


def _thinned(ordered: list[float]) -> list[float]:
    if len(ordered) <= MAX_PAIRWISE:
        return ordered
    return [quantile(ordered, (i + 0.5) / MAX_PAIRWISE) for i in range(MAX_PAIRWISE)]
