"""Did many series change together at one time? Each is compared with what the same comparison gives on its own normal past.

The null distribution is not assumed, it is slid over the normal series: autocorrelation, skew, several modes and the time of day are
in it. Beyond the largest value ever seen, the tail is continued by a generalised Pareto law that is never taken to be bounded.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diagnostics.stats.summary import MAD_TO_SIGMA

Array = NDArray[np.float64]

#: Share of the null that the tail is fitted to. Source: DuMouchel (1983), Ann. Stat. 11:1019.
TAIL = 0.1
#: Fewer values than this above the threshold describe no tail; then Student's law with few degrees of freedom stands in.
MIN_TAIL = 10
#: Fewer values than this have no spread worth the name: the rank alone counts.
MIN_STUDENT = 8
#: No p-value is smaller: beyond it no model of ours is worth believing.
SMALLEST = 1e-12
#: Density of p-values of series that did change: Beta(SHAPE, 1). Source: Pounds and Morris (2003), Bioinformatics 19:1236.
SHAPE = 0.1
#: An episode is looked for on so many blocks of rows: finer than a fiftieth of what was recorded says nothing more about the cause.
FINEST = 48
#: Series that are compared at a time: a day of them stays in the cache.
BLOCK = 64
#: Runs of normal times that go through the same search: they overlap, and more of them would add time rather than knowledge.
MOST_RUNS = 1000


def matrix(columns: list[ArrayLike]) -> Array:
    """Return series side by side, one a column; what is missing is NaN."""
    return np.column_stack([np.asarray(c, dtype=np.float64) for c in columns]) if columns else np.empty((0, 0))


def means(values: Array, start: int, stop: int) -> Array:
    """Return the mean of rows ``start`` to ``stop`` of each series, NaN where there is no value."""
    part = values[start:stop]
    count = np.sum(~np.isnan(part), axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.nansum(part, axis=0) / np.where(count > 0, count, np.nan), dtype=np.float64)


def sliding(values: Array, length: int) -> Array:
    """Return the mean of every run of ``length`` rows, one row a run; NaN where a run has no value."""
    n = len(values)
    if length < 1 or n < length:
        return np.empty((0, values.shape[1]))
    # One series after the other in memory: running sums across rows would jump through it.
    rows = np.ascontiguousarray(values.T)
    there = ~np.isnan(rows)
    # Sums are taken about the first value: a large offset must not eat the digits of a small spread.
    centre = np.nan_to_num(rows[:, :1])
    full = bool(there.all())
    total = _running(rows - centre if full else np.where(there, rows - centre, 0.0))
    sums = total[:, length:] - total[:, :-length]
    if full:
        return np.asarray((sums / length + centre).T)
    count = _running(there.astype(np.float64))
    counts = count[:, length:] - count[:, :-length]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(counts > 0, sums / counts + centre, np.nan).T)


def _running(rows: Array) -> Array:
    found = np.zeros((rows.shape[0], rows.shape[1] + 1))
    np.cumsum(rows, axis=1, out=found[:, 1:])
    return found


def level_null(normal: Array, after: int) -> Array:
    """Return what the mean of ``after`` rows was in normal times."""
    return sliding(normal, after)


def contrast_null(normal: Array, before: int, after: int) -> Array:
    """Return what the difference between ``after`` rows and the ``before`` rows ahead of them was in normal times."""
    if before < 1 or len(normal) < before + after:
        return np.empty((0, normal.shape[1]))
    first, second = sliding(normal, before), sliding(normal, after)
    difference: Array = second[before:] - first[: len(second) - before]
    return difference


def upper_tail(null: Array, observed: Array) -> Array:
    """Return for each series the chance that its null gives ``observed`` or more; NaN where there is nothing to compare.

    Inside the null it is the rank, ``(1 + how many are as large) / (n + 1)`` (Davison and Hinkley 1997, eq. 4.11). Beyond its largest
    value the upper tenth is continued by a generalised Pareto law, fitted by probability-weighted moments (Hosking and Wallis 1987,
    Technometrics 29:339) with a shape of at least 0. A null too short for that is continued by Student's law with 3 degrees of
    freedom, the heaviest tail with a variance, about its median. A null without spread gives the rank alone.
    """
    if not len(null):
        return np.full(observed.shape, np.nan)
    valid = np.sum(~np.isnan(null), axis=0)
    with np.errstate(invalid="ignore"):
        # A mean is exact to a few ulps only: a dead column must not win by rounding.
        largest = np.fmax(np.fmax.reduce(null, axis=0), -np.fmin.reduce(null, axis=0))
        slack = 1e-9 * np.fmax(np.abs(observed), largest)
        as_large = np.sum(null >= observed - slack, axis=0)
    p = (1.0 + as_large) / (valid + 1.0)
    for s in np.flatnonzero((as_large == 0) & (valid > 0) & ~np.isnan(observed)):
        ordered = np.sort(null[:, s])[: valid[s]]  # NaN last
        p[s] = min(p[s], _beyond(ordered, float(observed[s])))
    p[np.isnan(observed) | (valid == 0)] = np.nan
    return np.asarray(np.clip(p, SMALLEST, 1.0))


def _beyond(ordered: Array, observed: float) -> float:
    """Return the chance of ``observed`` or more, beyond all of ``ordered``; 1 where that cannot be said."""
    k = int(TAIL * len(ordered))
    if k < MIN_TAIL:
        return _student(ordered, observed)
    threshold = ordered[-k - 1]
    over = ordered[-k:] - threshold
    mean = float(np.mean(over))
    if mean <= 1e-12 * max(abs(observed), abs(threshold)):
        return 1.0
    # With the plotting position (i - 0.35) / k of Hosking and Wallis; a heavier tail than 0.9 has hardly a mean.
    weight = 1.0 - (np.arange(1, k + 1) - 0.35) / k
    excess = mean - 2.0 * float(np.mean(over * weight))
    shape = min(0.9, max(0.0, 2.0 - mean / excess)) if excess > 0 else 0.9
    y = (observed - threshold) / (mean * (1.0 - shape))
    log_p = -y if shape < 1e-6 else -math.log1p(shape * y) / shape
    return TAIL * math.exp(max(log_p, -200.0))


def _student(ordered: Array, observed: float) -> float:
    if len(ordered) < MIN_STUDENT:
        return 1.0
    level, noise = float(np.median(ordered)), float(spread(ordered[:, None])[0])
    if not noise > 1e-12 * max(abs(observed), abs(level)):
        return 1.0
    t = (observed - level) / noise / math.sqrt(3.0)
    # Closed form of Student's law with 3 degrees of freedom (Johnson, Kotz and Balakrishnan 1995, eq. 28.4c); for large t
    # 1/2 - (...) loses all digits, hence the arc tangent of the inverse and the leading terms of the series.
    if t > 100.0:
        return 2.0 / (3.0 * math.pi * t**3)
    return max(0.0, (math.atan(1.0 / t) - t / (1.0 + t * t)) / math.pi) if t > 0 else 1.0


def support(p: float, tests: int = 1) -> float:
    """Return the log-likelihood ratio (nats) of "changed" against "as always" that a p-value carries.

    p-values of what did not change are uniform, of what did change Beta(``SHAPE``, 1): ``ln SHAPE + (SHAPE - 1) ln p``. It is
    negative for p above 0.08: having looked and seen nothing is evidence too. With several tests of one thing the least p-value is
    multiplied by their number (Bonferroni).
    """
    return math.log(SHAPE) + (SHAPE - 1.0) * math.log(max(SMALLEST, min(1.0, p * max(1, tests))))


def chance(nats: float, prior: float = 0.02) -> float:
    """Return the posterior probability of what has this prior and this log-likelihood ratio (nats)."""
    odds = prior / (1.0 - prior) * math.exp(min(700.0, nats))
    return odds / (1.0 + odds)


def combined(first: float, second: float) -> float:
    """Return the p-value of two independent ones together: ``q (1 - ln q)`` with their product q.

    Source: Fisher (1932), Statistical Methods for Research Workers, sec. 21.1; closed form for two.

    Example:
        >>> round(combined(0.1, 0.05), 4)
        0.0315
    """
    product = max(SMALLEST * SMALLEST, first * second)
    return min(1.0, product * (1.0 - math.log(product)))


def failures_tail(failed: float, n: float, past_failed: float, past_n: float, dispersion: float = 1.0) -> float:
    """Return the chance of ``failed`` or more of ``n``, given what share of ``past_n`` failed before.

    Beta-binomial with Jeffreys' prior: the past rate is not known exactly either. Clustered failures count for fewer: every count is
    divided by ``dispersion``. Source: Jeffreys (1961); quasi-likelihood, McCullagh and Nelder (1989), ch. 4.5.
    """
    from scipy.stats import betabinom

    k, m = math.floor(failed / dispersion + 1e-9), max(1, round(n / dispersion))
    if k <= 0:
        return 1.0
    a, b = past_failed / dispersion + 0.5, max(0.0, past_n - past_failed) / dispersion + 0.5
    return float(min(1.0, max(SMALLEST, betabinom.sf(min(k, m) - 1, m, a, b))))


def failure_rate(failed: ArrayLike, n: ArrayLike) -> tuple[float, float, float]:
    """Return what failed, of how many, and how much more the failures of intervals vary than by independent chance (at least 1).

    Pearson's chi-square over its degrees of freedom (McCullagh and Nelder 1989, eq. 4.23). The worst hundredth of the intervals is
    left out: what is called normal may hold an outage.
    """
    k, m = np.asarray(failed, dtype=np.float64), np.asarray(n, dtype=np.float64)
    keep = (m > 0) & ~np.isnan(k)
    k, m = k[keep], m[keep]
    if len(k) >= 100:
        kept = np.argsort(k / m, kind="stable")[: len(k) - len(k) // 100]
        k, m = k[kept], m[kept]
    size, total = float(np.sum(k)), float(np.sum(m))
    if len(k) < 2 or size <= 0 or size >= total:
        return size, total, 1.0
    rate = size / total
    return size, total, max(1.0, float(np.sum((k - m * rate) ** 2 / (m * rate * (1.0 - rate))) / (len(k) - 1)))


def shrunk(before: float, n: int, normal: float, sigma: float) -> float:
    """Return the level before the change: the normal one, unless the few values before it say clearly otherwise.

    Positive-part James-Stein: the difference is kept to the share ``1 - (sigma^2 / n) / difference^2``.
    """
    difference = before - normal
    if n < 1 or math.isnan(before) or difference * difference == 0.0:
        return normal
    if math.isnan(normal):
        return before
    return normal + difference * max(0.0, 1.0 - sigma * sigma / n / (difference * difference))


def middle(values: Array) -> Array:
    """Return the median of each series, NaN for one without a value."""
    ordered = np.sort(values, axis=0)  # NaN last
    count = np.sum(~np.isnan(values), axis=0)
    every = np.arange(values.shape[1])
    low, high = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, max(0, len(values) - 1))
    if not len(values):
        return np.full(values.shape[1], np.nan)
    return np.asarray(np.where(count > 0, (ordered[low, every] + ordered[high, every]) / 2.0, np.nan))


def spread(values: Array) -> Array:
    """Return a standard deviation of each series that a few outliers do not move.

    1.4826 times the median absolute deviation; where more than half of the values are equal, the range from the 5th to the 95th
    percentile over 3.29; where that is 0 too, the plain one.
    """
    found = MAD_TO_SIGMA * middle(np.abs(values - middle(values)))
    flat = np.flatnonzero(~(found > 0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # columns without a value: NaN is the answer
        for s in flat:
            kept = values[~np.isnan(values[:, s]), s]
            if len(kept):
                low, high = np.percentile(kept, [5, 95])
                found[s] = (high - low) / 3.29 if high > low else np.std(kept)
    return np.asarray(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """When one series was unlike its normal past.

    Attributes:
        start: First row of it.
        stop: Row after its last one.
        strength: Standardised mean of these rows over the level before them.
        p_value: That normal times of the same length hold such an episode anywhere.
    """

    start: int
    stop: int
    strength: float
    p_value: float


def episode(z: Array, normal: Array, starts: range | None = None) -> Episode | None:
    """Return the most unusual run of rows of one series; None where it has no value.

    Args:
        z: Standardised values, higher is worse.
        normal: The same of normal times; every run of ``len(z)`` rows of it goes through the same search.
        starts: Where it may begin; anywhere when not given.

    Every run of at most ``FINEST`` blocks is tried; its mean is compared with the level before it, shrunk to normal (``shrunk``).
    """
    n = len(z)
    pairs = _tried(n, starts)
    best = _search(z[None, :], pairs)
    if best is None or math.isnan(float(best[0][0])):
        return None
    value, (start, stop) = float(best[0][0]), pairs[int(best[1][0])]
    # Where normal times are short, the search is repeated on shorter runs of them, and what it finds counted as often as they fit.
    width = n if len(normal) >= 2 * n else max(2, len(normal) // 2)
    p = 1.0
    if len(normal) >= width:
        if width < n:
            pairs = _grid(width)
        views = np.lib.stride_tricks.sliding_window_view(normal, width)
        null = _search(views[:: -(-len(views) // MOST_RUNS)], pairs)
        if null is not None:
            p = min(1.0, float(upper_tail(null[0][:, None], np.array([value]))[0]) * -(-n // width))
    return Episode(start=start, stop=stop, strength=value, p_value=1.0 if math.isnan(p) else p)


def strengths(z: Array, starts: range | None = None) -> Array:
    """Return the largest strength of any episode of each series (see ``episode``), without asking how unusual it is."""
    best = _search(np.ascontiguousarray(z.T), _tried(len(z), starts))
    return np.full(z.shape[1], np.nan) if best is None else best[0]


def _tried(n: int, starts: range | None) -> list[tuple[int, int]]:
    pairs = _grid(n)
    if starts is None:
        return pairs
    ends = sorted({j for _, j in pairs})
    return [(k, j) for k in starts if 0 <= k < n for j in ends if j > k] or pairs


def _grid(n: int) -> list[tuple[int, int]]:
    edges = [*range(0, n, max(1, -(-n // FINEST))), n]
    return [(k, j) for k in edges[:-1] for j in edges if j > k]


def _search(rows: Array, pairs: list[tuple[int, int]]) -> tuple[Array, NDArray[np.intp]] | None:
    """Return for each row of ``rows`` the largest strength over ``pairs`` and which pair it was."""
    if not pairs:
        return None
    there = ~np.isnan(rows)
    zero = np.zeros((len(rows), 1))
    total = np.hstack([zero, np.cumsum(np.where(there, rows, 0.0), axis=1)])
    count = np.hstack([zero, np.cumsum(there, axis=1)])
    best, which = np.full(len(rows), np.nan), np.zeros(len(rows), dtype=np.intp)
    with np.errstate(invalid="ignore", divide="ignore"):
        for index, (k, j) in enumerate(pairs):
            m = count[:, j] - count[:, k]
            ahead = total[:, k] / count[:, k]
            # Positive-part James-Stein towards the normal level, which is 0; its variance is 1 / rows ahead.
            kept = np.where(count[:, k] > 0, np.maximum(0.0, 1.0 - 1.0 / (count[:, k] * ahead * ahead)), 0.0)
            base = np.where(kept > 0, ahead * kept, 0.0)
            value = np.where(m > 0, ((total[:, j] - total[:, k]) / m - base) * np.sqrt(m), np.nan)
            better = (value > best) | (np.isnan(best) & ~np.isnan(value))
            best, which = np.where(better, value, best), np.where(better, index, which)
    return best, which


def standardised(normal: Array, values: Array, direction: int) -> tuple[Array, Array]:
    """Return a series of normal times and of now on one scale: 0 is the normal level, 1 its noise, higher is worse.

    What is never zero or less (a time, a size) is taken by its logarithm, so that a doubling counts the same everywhere. A series
    without any noise keeps its unit, divided by its level.
    """
    sign = -1.0 if direction < 0 else 1.0
    both = np.concatenate([normal[~np.isnan(normal)], values[~np.isnan(values)]])
    if not len(both):
        return normal, values
    if direction >= 0 and np.all(both > 0):
        normal, values = np.log(normal), np.log(values)
    level = float(middle(normal[:, None])[0])
    noise = float(spread(normal[:, None])[0])
    if math.isnan(level):
        return normal, np.full(values.shape, np.nan)
    if not noise > 0:
        largest = float(np.max(np.abs(both)))
        noise = 1e-3 * (abs(level) or largest) or 1.0
    return sign * (normal - level) / noise, sign * (values - level) / noise


def change_p(normal: Array, values: Array, start: int, stop: int) -> Array:
    """Return for each series the p-value of rows ``start`` to ``stop`` being higher than ever, and higher than before them.

    The larger of both; NaN where the rows or normal times hold no value. Without rows before ``start`` the level alone counts. As many
    rows before are taken as after, if there are.
    """
    p = np.empty(values.shape[1])
    for first in range(0, len(p), BLOCK):
        block = slice(first, first + BLOCK)
        p[block] = _change_p(np.ascontiguousarray(normal[:, block]), values[:, block], start, stop)
    return p


def _change_p(normal: Array, values: Array, start: int, stop: int) -> Array:
    now = means(values, start, stop)
    p = upper_tail(level_null(normal, stop - start), now)
    ahead = min(start, stop - start)
    if ahead:
        change = now - means(values, start - ahead, start)
        p = np.fmax(p, upper_tail(contrast_null(normal, ahead, stop - start), change))
    return np.asarray(p)


def full_mark(*series: Array) -> float:
    """Return what "all of them" is written as in shares: 100 or 1."""
    top = max((float(np.nanmax(values, initial=0.0)) for values in series), default=0.0)
    return 100.0 if top > 1.5 else 1.0


def failed(success: Array, n: Array, full: float) -> Array:
    """Return how many of ``n`` failed, from the share that did not."""
    return np.asarray(np.round((1.0 - success / full) * n, 6))


def failures_z(failures: Array, n: Array, past: tuple[float, float, float]) -> Array:
    """Return failures of intervals as standard deviations over what their past rate gives."""
    size, total, factor = past
    rate = (size + 0.5) / (total + 1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (failures - n * rate) / np.sqrt(n * rate * (1.0 - rate) * factor)
    return np.asarray(np.where(n > 0, z, np.nan))


def _count_of(failures: Array, n: Array, start: int, stop: int) -> tuple[float, float]:
    k, m = failures[start:stop], n[start:stop]
    keep = ~np.isnan(k) & (m > 0)
    return float(np.sum(k[keep])), float(np.sum(m[keep]))


def failures_p(failures: Array, n: Array, past: tuple[float, float, float], start: int, stop: int) -> float:
    """Return the p-value of so many failures in rows ``start`` to ``stop``; NaN where nothing was asked.

    Compared with the past rate; where the rows before ``start`` already fail more often than that (p < 0.05), with these too.
    """
    k, m = _count_of(failures, n, start, stop)
    if m <= 0:
        return math.nan
    size, total, factor = past
    p = failures_tail(k, m, size, total, factor)
    k0, m0 = _count_of(failures, n, 0, start)
    if m0 > 0 and failures_tail(k0, m0, size, total, factor) < 0.05:
        p = max(p, failures_tail(k, m, k0, m0, factor))
    return p


def extra_failures(failures: Array, n: Array, past: tuple[float, float, float], start: int, stop: int) -> float:
    """Return how many more of rows ``start`` to ``stop`` failed than the level before them gives."""
    k, m = _count_of(failures, n, start, stop)
    k0, m0 = _count_of(failures, n, 0, start)
    size, total, factor = past
    usual = (size + 0.5) / (total + 1.0)
    before = k0 / m0 if m0 > 0 else math.nan
    rate = shrunk(before, 1, usual, math.sqrt(usual * (1.0 - usual) * factor / m0)) if m0 > 0 else usual
    return k - m * rate


def extra_total(normal: Array, values: Array, n: Array | None, start: int, stop: int) -> float:
    """Return how much more rows ``start`` to ``stop`` come to than at the level before them, ``n`` times each (once when not given).

    NaN where there is no value.
    """
    usual, noise = float(middle(normal[:, None])[0]), float(spread(normal[:, None])[0])
    ahead = values[:start][~np.isnan(values[:start])]
    base = shrunk(float(np.mean(ahead)) if len(ahead) else math.nan, len(ahead), usual, noise if noise > 0 else 0.0)
    part, m = values[start:stop], np.ones(stop - start) if n is None else n[start:stop]
    keep = ~np.isnan(part) & ~np.isnan(m)
    # Nobody was asked, nothing was lost: that is known, not unknown.
    return float(np.sum((part[keep] - base) * m[keep])) if np.any(keep) or n is not None else math.nan


def mean_of(values: Array, start: int, stop: int) -> float:
    """Return the mean of rows ``start`` to ``stop`` of one series; NaN where there is no value."""
    return float(means(values[:, None], start, stop)[0]) if stop > start else math.nan


def range_of(values: Array) -> tuple[float, float, float]:
    """Return the 1st, 50th and 99th percentile of one series; NaN without a value."""
    kept = values[~np.isnan(values)]
    if not len(kept):
        return math.nan, math.nan, math.nan
    low, mid, high = np.percentile(kept, [1, 50, 99])
    return float(low), float(mid), float(high)
