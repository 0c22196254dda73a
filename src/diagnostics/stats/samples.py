"""Did values move? Two samples compared by ranks and by trimmed means, honest about autocorrelation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

from diagnostics.stats.autocorrelation import MIN_EFFECTIVE, variance_inflation
from diagnostics.stats.summary import checked, quantile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_NORMAL = NormalDist()

#: Longer samples are thinned to so many evenly spaced order statistics before all pairs are formed (2 MB).
MAX_PAIRWISE = 500
#: Share of values cut at each end before means are taken: one slow request must not decide.
TRIM = 0.2
#: A side worth fewer values than this gives no estimate of its own spread.
MIN_SIDE_EFFECTIVE = 3.0


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
        delta_low: Lower end of its interval.
        delta_high: Upper end of it.
        p_value: Of the rank test, with the variance inflated for autocorrelation; 1 when inconclusive.
        inflation: By how much; 1 for independent values.
        n_before: Values before.
        n_after: Values after.
        n_effective: What both together are worth.
        is_conclusive: False when that is too little for a verdict.
    """

    shift: float
    low: float
    high: float
    median_difference: float
    cliffs_delta: float
    delta_low: float
    delta_high: float
    p_value: float
    inflation: float
    n_before: int
    n_after: int
    n_effective: float
    is_conclusive: bool
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Difference of trimmed means, after minus before.

    Attributes:
        difference: In the unit of the values.
        low: Lower end of its interval.
        high: Upper end of its interval.
        before: Trimmed mean before.
        after: Trimmed mean after.
        error: Standard error of the difference.
        freedom: Degrees of freedom.
        p_value: Two-sided; 1 when inconclusive.
        inflation: Of the variance, for autocorrelation.
        n_effective: What both samples together are worth.
        is_conclusive: False when that is too little for a verdict.
    """

    difference: float
    low: float
    high: float
    before: float
    after: float
    error: float
    freedom: float
    p_value: float
    inflation: float
    n_before: int
    n_after: int
    n_effective: float
    is_conclusive: bool
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """How many times ``after`` is ``before``, by trimmed geometric means."""

    ratio: float
    low: float
    high: float
    p_value: float
    inflation: float
    n_before: int
    n_after: int
    n_effective: float
    is_conclusive: bool
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RankTest:
    """Result of a rank test.

    Attributes:
        u: Mann-Whitney's U of the values after.
        z: Distance from "no difference" in standard errors.
        p_value: Two-sided; 1 when inconclusive.
        inflation: Of the variance, for autocorrelation.
        effect: P(after > before) + P(equal) / 2; a half means no difference.
        error: Standard error of ``effect``.
        freedom: Degrees of freedom; infinite for the normal and the exact test.
        n_effective: What both samples together are worth.
        is_conclusive: False when that is too little for a verdict.
    """

    u: float
    z: float
    p_value: float
    inflation: float
    effect: float
    error: float
    freedom: float
    n_effective: float
    is_conclusive: bool


def rank_test(before: Sequence[float], after: Sequence[float], *, independent: bool = False) -> RankTest:
    """Test whether values after tend to be larger or smaller, two-sided.

    Brunner-Munzel: the variance of the placements of each side, so that unequal spreads are no false alarm,
    inflated for the correlation of neighbouring ranks; t with Satterthwaite's degrees of freedom on what
    the samples are worth. With ``independent``, Mann-Whitney's U: exact for at most 20 values a side without
    ties, else normal with ties and continuity correction.

    Source: Brunner and Munzel (2000), Biom. J. 42:17; Mann and Whitney (1947), Ann. Math. Stat. 18:50; ties as
    in Lehmann (1975), Nonparametrics, 1.4.
    """
    import numpy as np
    from scipy import stats

    x, y = np.array(checked(before)), np.array(checked(after))
    n, m = len(x), len(y)
    ranks = stats.rankdata(np.concatenate((x, y)))
    u = float(ranks[n:].sum() - m * (m + 1) / 2)
    if independent:
        return _mann_whitney(x, y, ranks, u)
    # Placements: the share of the other side below a value.
    px = (ranks[:n] - stats.rankdata(x)) / m
    py = (ranks[n:] - stats.rankdata(y)) / n
    factor = variance_inflation(ranks[:n], ranks[n:])
    effective = (n / factor, m / factor)
    effect = u / (n * m)
    parts = [float(p.var(ddof=1)) / e if len(p) > 1 else 0.0 for p, e in zip((px, py), effective, strict=True)]
    variance = sum(parts)
    conclusive = is_enough(*effective)
    if variance <= 0.0:
        # Nobody overlaps: the smallest spread that ranks can show stands in for none.
        moved = effect != 0.5
        variance = (1.0 / n + 1.0 / m) * factor / (n + m) if moved else 0.0
        parts = [variance / 2.0, variance / 2.0]
    error = math.sqrt(variance)
    freedom = welch_freedom(parts, effective)
    t = (effect - 0.5) / error if error else 0.0
    return RankTest(
        u=u,
        z=t,
        p_value=float(min(1.0, 2.0 * stats.t.sf(abs(t), freedom))) if conclusive and error else 1.0,
        inflation=factor,
        effect=effect,
        error=error,
        freedom=freedom,
        n_effective=sum(effective),
        is_conclusive=conclusive,
    )


def median_shift(before: Sequence[float], after: Sequence[float], confidence: float = 0.95) -> Shift:
    """Return how far the values moved, in their own unit and as an effect size.

    Hodges-Lehmann, with the interval that holds the shifts that the rank test does not reject: quantiles of
    all differences at a half, plus and minus t times the standard error of the relative effect.

    Source: Hodges and Lehmann (1963), Ann. Math. Stat. 34:598; Hollander, Wolfe, Chicken (2014), 4.2-4.3;
    Cliff (1993), Psych. Bull. 114:494; its words from Romano et al. (2006).
    """
    import numpy as np
    from scipy import stats

    x, y = checked(before), checked(after)
    test = rank_test(x, y)
    xs, ys = _thinned(sorted(x)), _thinned(sorted(y))
    pairs = np.sort((np.array(ys)[:, None] - np.array(xs)[None, :]).ravel())
    t = float(stats.t.ppf(0.5 + confidence / 2.0, test.freedom))
    half = t * test.error if test.is_conclusive else math.inf
    last = len(pairs) - 1
    low = pairs[max(0, math.floor((0.5 - half) * len(pairs)) - 1)] if half < 0.5 else pairs[0]
    high = pairs[min(last, math.ceil((0.5 + half) * len(pairs)))] if half < 0.5 else pairs[last]
    delta = 2.0 * test.effect - 1.0
    return Shift(
        shift=float(np.median(pairs)),
        low=float(low),
        high=float(high),
        median_difference=quantile(sorted(y), 0.5) - quantile(sorted(x), 0.5),
        cliffs_delta=delta,
        delta_low=max(-1.0, delta - 2.0 * half),
        delta_high=min(1.0, delta + 2.0 * half),
        p_value=test.p_value,
        inflation=test.inflation,
        n_before=len(x),
        n_after=len(y),
        n_effective=test.n_effective,
        is_conclusive=test.is_conclusive,
        confidence=confidence,
    )


def mean_shift(
    before: Sequence[float],
    after: Sequence[float],
    confidence: float = 0.95,
    *,
    trim: float = TRIM,
    independent: bool = False,
) -> Difference:
    """Return the difference of trimmed means with its interval.

    Yuen's test: trimmed means, winsorised variances, both inflated for autocorrelation (estimated on the
    winsorised values), Welch's degrees of freedom on the effective sizes. With ``trim`` 0 and values that are
    known to be ``independent`` it is Welch's t.

    Source: Yuen (1974), Biometrika 61:165; Welch (1947), Biometrika 34:28.

    Raises:
        ValueError: A side has fewer than two values, or ``trim`` is not from 0 up to a half.
    """
    import numpy as np
    from scipy import stats

    if not 0.0 <= trim < 0.5:
        raise ValueError(f"the share to trim lies from 0 up to a half, got {trim}")
    sides = [np.array(checked(values, at_least=2)) for values in (before, after)]
    clipped, means, kept = [], [], []
    for values in sides:
        cut = int(trim * len(values))
        ordered = np.sort(values)
        clipped.append(np.clip(values, ordered[cut], ordered[len(values) - cut - 1]))
        means.append(float(ordered[cut : len(values) - cut].mean()))
        kept.append(len(values) - 2 * cut)
    factor = 1.0 if independent else variance_inflation(*clipped)
    effective = [len(v) / factor for v in sides]
    parts = [
        (len(c) - 1) * float(c.var(ddof=1)) / (k * (k - 1)) * factor
        for c, k in zip(clipped, kept, strict=True)
        if k > 1
    ]
    conclusive = independent or is_enough(*effective)
    difference = means[1] - means[0]
    variance = sum(parts)
    freedom = welch_freedom(parts, [k / factor for k in kept])
    error = math.sqrt(variance)
    half = float(stats.t.ppf(0.5 + confidence / 2, freedom)) * error if conclusive else math.inf
    if not conclusive:
        p = 1.0
    elif error <= 0.0:
        p = 1.0 if difference == 0.0 else 0.0
    else:
        p = float(2 * stats.t.sf(abs(difference) / error, freedom))
    return Difference(
        difference=difference,
        low=difference - half,
        high=difference + half,
        before=means[0],
        after=means[1],
        error=error,
        freedom=freedom,
        p_value=p,
        inflation=factor,
        n_before=len(sides[0]),
        n_after=len(sides[1]),
        n_effective=sum(effective),
        is_conclusive=conclusive,
        confidence=confidence,
    )


def latency_ratio(
    before: Sequence[float],
    after: Sequence[float],
    confidence: float = 0.95,
    *,
    trim: float = TRIM,
    independent: bool = False,
) -> Ratio:
    """Return the ratio of trimmed geometric means, after to before, of positive values such as latencies.

    ``mean_shift`` of the logarithms.

    Raises:
        ValueError: A side has fewer than two values, or one is not positive.
    """
    x, y = checked(before, at_least=2), checked(after, at_least=2)
    if min(x) <= 0 or min(y) <= 0:
        raise ValueError("a ratio needs values above zero")
    found = mean_shift(
        [math.log(v) for v in x], [math.log(v) for v in y], confidence, trim=trim, independent=independent
    )
    return Ratio(
        ratio=math.exp(found.difference),
        low=math.exp(max(-700.0, found.low)),
        high=math.exp(min(700.0, found.high)),
        p_value=found.p_value,
        inflation=found.inflation,
        n_before=len(x),
        n_after=len(y),
        n_effective=found.n_effective,
        is_conclusive=found.is_conclusive,
        confidence=confidence,
    )


def is_enough(before: float, after: float) -> bool:
    """Return whether samples worth so many independent values each can carry a verdict."""
    return before + after >= 2.0 * MIN_EFFECTIVE and min(before, after) >= MIN_SIDE_EFFECTIVE


def welch_freedom(parts: Sequence[float], effective: Sequence[float]) -> float:
    """Return Satterthwaite's degrees of freedom of a sum of variances, each from so many effective values."""
    total = sum(parts)
    if total <= 0.0:
        return max(1.0, sum(effective) - 2.0)
    below = sum(p * p / max(1.0, e - 1.0) for p, e in zip(parts, effective, strict=False))
    return max(1.0, total * total / below) if below > 0.0 else max(1.0, sum(effective) - 2.0)


def _mann_whitney(x: NDArray[np.float64], y: NDArray[np.float64], ranks: NDArray[np.float64], u: float) -> RankTest:
    import numpy as np
    from scipy import stats

    n, m = len(x), len(y)
    total = n + m
    _, ties = np.unique(ranks, return_counts=True)
    centre = n * m / 2
    correction = float((ties.astype(float) ** 3 - ties).sum()) / (total * (total - 1)) if total > 1 else 0.0
    error = math.sqrt(max(0.0, n * m / 12.0 * (total + 1 - correction)))
    if max(n, m) <= 20 and len(ties) == total:
        p = float(stats.mannwhitneyu(y, x, alternative="two-sided", method="exact").pvalue)
        z = math.copysign(_NORMAL.inv_cdf(1 - p / 2) if p < 1 else 0.0, u - centre)
    else:
        distance = max(0.0, abs(u - centre) - 0.5)
        z = math.copysign(distance / error, u - centre) if error else 0.0
        p = min(1.0, math.erfc(abs(z) / math.sqrt(2)))
    return RankTest(
        u=u,
        z=z,
        p_value=p,
        inflation=1.0,
        effect=u / (n * m),
        error=error / (n * m),
        freedom=math.inf,
        n_effective=float(total),
        is_conclusive=True,
    )


def _thinned(ordered: list[float]) -> list[float]:
    if len(ordered) <= MAX_PAIRWISE:
        return ordered
    return [quantile(ordered, (i + 0.5) / MAX_PAIRWISE) for i in range(MAX_PAIRWISE)]
