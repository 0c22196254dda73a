"""Do things happen more often? Counts and rates, honest about bursts: events that come together are worth fewer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from diagnostics.stats.autocorrelation import MIN_EFFECTIVE, variance_inflation
from diagnostics.stats.proportions import fisher_exact

#: Intervals are joined until each has so many expected events before, and as long as so many intervals remain.
EXPECTED, MIN_INTERVALS = 1.0, 20
#: With fewer expected effective events on a side the normal test is replaced by an exact one.
FEW = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTest:
    """How often something happens, after against before.

    Attributes:
        before: Rate before, for each interval or trial.
        after: The same after.
        effect: Ratio of the rates (counts) or their difference (rates).
        low: Lower end of its interval.
        high: Upper end of it.
        error: Standard error of the difference of rates, or of the logarithm of their ratio.
        p_value: Two-sided.
        dispersion: Variance of the intervals over that of independent events; 1 where totals are all there is.
        inflation: Dispersion times that of neighbouring intervals: by how much events are worth less.
        test: Name.
        is_checked: Whether the data could show bursts (intervals, not only totals).
        is_conclusive: False when there is too little for a verdict.
    """

    before: float
    after: float
    effect: float
    low: float
    high: float
    error: float
    critical: float
    p_value: float
    dispersion: float
    inflation: float
    n_before: int
    n_after: int
    test: str
    is_checked: bool
    is_conclusive: bool


def rate_change(
    before: Sequence[tuple[int, int]], after: Sequence[tuple[int, int]], confidence: float = 0.95
) -> EventTest:
    """Compare success (or error) rates given as ``(events, trials)`` of consecutive intervals.

    Events and trials are divided by the inflation; then Newcombe's interval and the score test, or Fisher's
    exact one where events are few. One pair a side are totals: they are taken as independent, and
    ``is_checked`` is False.

    Source: method 10 in Newcombe (1998), Stat. Med. 17:873; dispersion as in McCullagh and Nelder (1989),
    Generalized Linear Models, 4.5.
    """
    b, a = ([(k, n) for k, n in side if n > 0] for side in (before, after))
    _check_pairs(b, a)
    kb, nb, ka, na = sum(k for k, _ in b), sum(n for _, n in b), sum(k for k, _ in a), sum(n for _, n in a)
    pb, pa = kb / nb, ka / na
    b, a = _joined(b, a, pb if kb else pa)
    residuals = [
        [(k - n * p) / math.sqrt(n * p * (1.0 - p)) if 0.0 < p < 1.0 else 0.0 for k, n in side]
        for side, p in ((b, pb), (a, pa))
    ]
    dispersion, factor, freedom, checked = _spread(residuals)
    eb, ea = (k / factor for k in (kb, ka))
    mb, ma = (n / factor for n in (nb, na))
    pooled = (kb + ka) / (nb + na)
    error = math.sqrt(pooled * (1.0 - pooled) * (1.0 / mb + 1.0 / ma))
    critical = _t(0.5 + confidence / 2.0, freedom)
    low, high = _newcombe(eb, mb, ea, ma, critical)
    few = pooled * min(mb, ma) < FEW or (1.0 - pooled) * min(mb, ma) < FEW
    if few:
        p = fisher_exact(math.floor(eb), math.floor(mb), math.floor(ea), math.floor(ma))
    else:
        p = _two_sided((pa - pb) / error, freedom) if error > 0.0 else 1.0
    conclusive = not checked or sum(len(r) for r in residuals) >= MIN_EFFECTIVE
    return EventTest(
        before=pb,
        after=pa,
        effect=pa - pb,
        low=low,
        high=high,
        error=error,
        critical=critical,
        p_value=p if conclusive else 1.0,
        dispersion=dispersion,
        inflation=factor,
        n_before=nb,
        n_after=na,
        test="Fisher's exact test" if few else "score test of two rates",
        is_checked=checked,
        is_conclusive=conclusive,
    )


def count_change(before: Sequence[int], after: Sequence[int], confidence: float = 0.95) -> EventTest:
    """Compare counts of events in consecutive intervals of equal length.

    Given their sum, the events after are binomial when both rates are equal; the interval of that share gives
    the interval of the ratio. Bursts divide the counts by the inflation first.

    Source: Przyborowski and Wilenski (1940), Biometrika 31:313; Clopper and Pearson (1934), Biometrika 26:404.
    """
    if not before or not after:
        raise ValueError("counts need at least one interval on both sides")
    if any(k < 0 for k in (*before, *after)):
        raise ValueError("a count is not negative")
    from scipy import stats

    b, a = [(int(k), 1) for k in before], [(int(k), 1) for k in after]
    kb, ka = sum(k for k, _ in b), sum(k for k, _ in a)
    mb, ma = kb / len(before), ka / len(after)
    bb, aa = _joined(b, a, mb if kb else ma)
    residuals = [
        [(k - n * m) / math.sqrt(n * m) if m > 0.0 else 0.0 for k, n in side] for side, m in ((bb, mb), (aa, ma))
    ]
    dispersion, factor, freedom, checked = _spread(residuals)
    critical = _t(0.5 + confidence / 2.0, freedom)
    # A dispersion that is itself estimated costs what t costs over the normal.
    factor *= (critical / _t(0.5 + confidence / 2.0, math.inf)) ** 2
    xb, xa = kb / factor, ka / factor
    share = len(after) / (len(before) + len(after))
    tail = (1.0 - confidence) / 2.0
    low = float(stats.beta.ppf(tail, xa, xb + 1.0)) if xa > 0 else 0.0
    high = float(stats.beta.ppf(1.0 - tail, xa + 1.0, xb)) if xb > 0 else 1.0
    above = float(stats.beta.cdf(share, xa, xb + 1.0)) if xa > 0 else 1.0
    below = float(stats.beta.sf(share, xa + 1.0, xb)) if xb > 0 else 1.0
    conclusive = not checked or sum(len(r) for r in residuals) >= MIN_EFFECTIVE

    def ratio(p: float) -> float:
        return math.inf if p >= 1.0 else p / (1.0 - p) * (1.0 - share) / share

    return EventTest(
        before=mb,
        after=ma,
        effect=ma / mb if mb > 0 else (math.inf if ma > 0 else 1.0),
        low=ratio(low),
        high=ratio(high),
        error=math.sqrt(1.0 / xb + 1.0 / xa) if xb > 0 and xa > 0 else math.inf,
        critical=critical,
        p_value=min(1.0, 2.0 * min(above, below)) if conclusive else 1.0,
        dispersion=dispersion,
        inflation=factor,
        n_before=len(before),
        n_after=len(after),
        test="conditional test of two Poisson rates" + (", overdispersed" if factor > 1.5 else ""),
        is_checked=checked,
        is_conclusive=conclusive,
    )


def in_intervals(outcomes: Sequence[bool | int], size: int) -> list[tuple[int, int]]:
    """Return outcomes in order of time as ``(events, trials)`` of consecutive groups; the last may be smaller."""
    return [
        (sum(bool(o) for o in outcomes[i : i + size]), len(outcomes[i : i + size]))
        for i in range(0, len(outcomes), size)
    ]


def _spread(residuals: Sequence[Sequence[float]]) -> tuple[float, float, float, bool]:
    """Return dispersion, inflation, degrees of freedom, and whether there were intervals to see them in."""
    n = sum(len(r) for r in residuals)
    if min(len(r) for r in residuals) < 2 or n < MIN_EFFECTIVE:
        return 1.0, 1.0, math.inf, max(len(r) for r in residuals) > 1
    dispersion = max(1.0, sum(v * v for side in residuals for v in side) / (n - len(residuals)))
    alike = variance_inflation(*residuals)
    return dispersion, dispersion * alike, max(1.0, n / alike - 2.0), True


def _joined(
    before: list[tuple[int, int]], after: list[tuple[int, int]], rate: float
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    while (
        len(before) // 2 >= MIN_INTERVALS
        and len(after) >= 2
        and rate * sum(n for _, n in before) / len(before) < EXPECTED
    ):
        before, after = _pairs(before), _pairs(after)
    return before, after


def _pairs(items: list[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(k1 + k2, n1 + n2) for (k1, n1), (k2, n2) in zip(items[0::2], items[1::2], strict=False)]


def _newcombe(kb: float, nb: float, ka: float, na: float, z: float) -> tuple[float, float]:
    (pb, lb, hb), (pa, la, ha) = _wilson(kb, nb, z), _wilson(ka, na, z)
    d = pa - pb
    return max(-1.0, d - math.hypot(pa - la, hb - pb)), min(1.0, d + math.hypot(ha - pa, pb - lb))


def _wilson(k: float, n: float, z: float) -> tuple[float, float, float]:
    p = min(1.0, k / n)
    centre, scale = p + z * z / (2 * n), 1 + z * z / n
    half = z * math.sqrt(max(0.0, p * (1 - p) / n + z * z / (4 * n * n)))
    return p, max(0.0, min(p, (centre - half) / scale)), min(1.0, max(p, (centre + half) / scale))


def _t(q: float, freedom: float) -> float:
    from scipy import stats

    return float(stats.norm.ppf(q) if math.isinf(freedom) else stats.t.ppf(q, freedom))


def _two_sided(z: float, freedom: float) -> float:
    from scipy import stats

    return float(2.0 * (stats.norm.sf(abs(z)) if math.isinf(freedom) else stats.t.sf(abs(z), freedom)))


def _check_pairs(*sides: Sequence[tuple[int, int]]) -> None:
    for side in sides:
        if not side:
            raise ValueError("rates need at least one trial on both sides")
        for k, n in side:
            if not 0 <= k <= n:
                raise ValueError(f"{k} events of {n} trials is no count")
