"""Which of many series changed, and when? One pass over thousands of them, in blocks that stay in the cache."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.floating[Any]]

#: Series worked on at once: 64 of 1,440 floats are 360 kB, about what a core's own cache holds.
BLOCK = 64
#: Fewer values than this are no normal.
MIN_NORMAL = 8
#: In the search for the onset a value counts for no more than this many interquartile ranges from the median.
CLIP_RANGES = 3.0
#: An interquartile range in standard deviations of normal data: 2 Phi^-1(3/4).
IQR_IN_SIGMAS = 1.3489795003921634


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """How far each series went from its normal; one entry a series.

    Attributes:
        score: Farthest distance from the median, in spreads; infinite where a constant changed, NaN without data.
        direction: 1 where it went up, -1 down, 0 where it did not move or there is no data.
        median: Of the normal part.
        spread: Interquartile range of the normal part; its whole range where more than half of it is one value.
    """

    score: NDArray[np.float64]
    direction: NDArray[np.int8]
    median: NDArray[np.float64]
    spread: NDArray[np.float64]

    def ranking(self) -> NDArray[np.intp]:
        """Return the places of the series, most changed first; those without data last."""
        import numpy as np

        return np.argsort(-np.where(np.isnan(self.score), -np.inf, self.score), kind="stable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Onsets:
    """When each series stepped to another level, whether or not that is more than chance.

    Attributes:
        index: First value after the step; 0 where there is none to speak of (constant, or no data).
        score: Height of the step in standard errors of independent values; 0 where there is none.
        step: Mean after minus mean before.
        common: The moment at which most of all that is beyond chance changed, None where nothing is.
    """

    index: NDArray[np.intp]
    score: NDArray[np.float64]
    step: NDArray[np.float64]
    common: int | None


def changes(values: ArrayLike, split: int) -> Changes:
    """Score each series by how far it went, from ``split`` on, beyond what it was before.

    The robust scaling of BARO (Pham et al. 2024, FSE, "Robust root cause analysis for multivariate time series"),
    to both sides. Quartiles are exact (definition 7 of Hyndman and Fan, numpy's); values that are not finite are
    left out.

    Args:
        values: Series by time, float32 or float64 (float32 is sorted twice as fast), in any unit.
        split: Place of the first value of the abnormal part.

    Raises:
        ValueError: Not two dimensions, or nothing on a side of the split.

    Example:
        >>> import numpy as np
        >>> calm = np.tile([9.0, 10.0, 11.0, 10.0], (3, 25))
        >>> calm[1, 90] = 40.0
        >>> int(changes(calm, 80).ranking()[0])
        1
    """
    import numpy as np

    table = _table(values)
    if not 0 < split < table.shape[1]:
        raise ValueError(f"the split lies within the series (1 to {table.shape[1] - 1}), got {split}")
    n = len(table)
    # Lowest, quartiles and highest of the normal part; lowest and highest of the abnormal one.
    normal, far = np.empty((5, n)), np.empty((2, n))
    for rows, block in _blocks(table):
        normal[:, rows] = _quartiles(block[:, :split])
        part = block[:, split:]
        with np.errstate(invalid="ignore"):
            far[0, rows], far[1, rows] = part.min(axis=1), part.max(axis=1)
    odd = np.flatnonzero(~np.isfinite(far).all(axis=0))
    if odd.size:
        part = table[odd, split:]
        known = np.isfinite(part)
        far[0, odd] = np.where(known, part, np.inf).min(axis=1)
        far[1, odd] = np.where(known, part, -np.inf).max(axis=1)
        far[:, odd[~known.any(axis=1)]] = np.nan
    return _scored(normal, far)


def _scored(normal: NDArray[np.float64], far: NDArray[np.float64]) -> Changes:
    import numpy as np

    lowest, low, median, high, highest = normal
    spread = np.where(high > low, high - low, highest - lowest)
    up, down = far[1] - median, median - far[0]
    distance = np.maximum(up, down)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        score = np.where(distance > 0, distance / spread, np.where(np.isnan(distance), np.nan, 0.0))
    direction = np.where(distance > 0, np.where(up >= down, 1, -1), 0).astype(np.int8)
    return Changes(score=score, direction=direction, median=median.copy(), spread=spread)


def _quartiles(part: Floats) -> NDArray[np.float64]:
    """Return minimum, quartiles and maximum of each row; NaN where fewer than ``MIN_NORMAL`` values are finite."""
    import numpy as np

    shares = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
    ordered = np.sort(part, axis=1)
    width = ordered.shape[1]
    with np.errstate(invalid="ignore"):
        whole = np.isfinite(ordered[:, 0]) & np.isfinite(ordered[:, -1])
    if whole.all() and width >= MIN_NORMAL:
        places = shares * (width - 1)
        below = places.astype(np.intp)
        first = ordered[:, below].T.astype(np.float64)
        second = ordered[:, np.minimum(below + 1, width - 1)].T.astype(np.float64)
        return np.asarray(first + (second - first) * (places - below)[:, None])
    # Some are missing: each row has places of its own. Infinite values are as good as none.
    ordered = np.sort(np.where(np.isfinite(part), part, np.nan), axis=1)
    count = np.isfinite(ordered).sum(axis=1)
    own = shares[:, None] * np.maximum(count - 1, 0)
    below = own.astype(np.intp)
    rows = np.arange(len(part))
    first = ordered[rows, below].astype(np.float64)
    second = ordered[rows, np.minimum(below + 1, np.maximum(count - 1, 0))].astype(np.float64)
    found = first + (second - first) * (own - below)
    found[:, count < MIN_NORMAL] = np.nan
    return np.asarray(found)


def onsets(values: ArrayLike) -> Onsets:
    """Find for each series the moment that splits it best into two levels, and the moment common to all.

    Least squares by cumulative sums, after clipping each series to its median and three interquartile ranges, so
    that a spike is no step. A missing value counts as the median. The common moment adds up what each series gains
    beyond the penalty ``2 ln(n)``. For an interval and a p-value that allows for autocorrelation, give one series
    to ``changepoint.step_in_mean``.

    Source: Yao (1988), Stat. Probab. Lett. 6:181.

    Raises:
        ValueError: Not two dimensions, or fewer than ``MIN_NORMAL`` values a series.
    """
    import numpy as np

    table = _table(values)
    n, width = table.shape
    if width < MIN_NORMAL:
        raise ValueError(f"needs at least {MIN_NORMAL} values a series, got {width}")
    index, score, step = np.zeros(n, dtype=np.intp), np.zeros(n), np.zeros(n)
    after = np.arange(width - 1, 0, -1, dtype=np.float32)
    weight = (width / (np.arange(1, width, dtype=np.float32) * after)).astype(np.float32)
    penalty = np.float32(2.0 * np.log(width))
    together = np.zeros(width - 1)
    for rows, block in _blocks(table):
        place, height, gains = _best_step(_standardised(block), weight)
        index[rows], score[rows], step[rows] = place, height, _heights(block, place)
        np.subtract(gains, penalty, out=gains)
        np.maximum(gains, 0, out=gains)
        together += gains.sum(axis=0)
    common = int(together.argmax()) + 1 if together.any() else None
    return Onsets(index=index, score=score, step=step, common=common)


def _heights(block: Floats, place: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return for each row the mean from ``place`` on minus the mean before it; 0 where ``place`` is 0."""
    import numpy as np

    later = np.arange(block.shape[1]) >= place[:, None]
    known = np.isfinite(block)
    if not known.all():
        block = np.where(known, block, 0).astype(block.dtype)
    counts = np.count_nonzero(known, axis=1), np.count_nonzero(known & later, axis=1)
    sums = np.einsum("ij->i", block, dtype=np.float64), np.einsum("ij,ij->i", block, later, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        height = sums[1] / counts[1] - (sums[0] - sums[1]) / (counts[0] - counts[1])
    return np.where((place > 0) & np.isfinite(height), height, 0.0)


def _standardised(block: Floats) -> NDArray[np.float32]:
    """Return each row as float32, clipped, with mean 0 and about unit spread."""
    import numpy as np

    lowest, low, median, high, highest = _quartiles(block)
    spread = np.where(high > low, high - low, highest - lowest)
    unit = np.where(spread > 0, spread, 1.0)
    centre = np.where(np.isnan(median), 0.0, median)
    # Centred in the precision that came, since float32 knows seven digits only.
    scaled = ((block - centre[:, None].astype(block.dtype)) / unit[:, None].astype(block.dtype)).astype(np.float32)
    np.clip(scaled, -CLIP_RANGES, CLIP_RANGES, out=scaled)
    np.nan_to_num(scaled, copy=False, nan=0.0)
    scaled[np.isnan(median)] = 0.0
    scaled -= scaled.mean(axis=1, keepdims=True)
    return scaled


def _best_step(
    scaled: NDArray[np.float32], weight: NDArray[np.float32]
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float32]]:
    """Return place and height in standard errors of each row's best step, and what a step at each place gains."""
    import numpy as np

    width = scaled.shape[1]
    total = np.einsum("ij,ij->i", scaled, scaled, dtype=np.float64)
    sums = np.cumsum(scaled, axis=1)[:, :-1]
    gains = sums * sums
    gains *= weight
    best = gains.argmax(axis=1)
    rows = np.arange(len(scaled))
    # What is left over, or a millionth of all where nothing is: a step without noise is certain.
    left = np.maximum(total - gains[rows, best], 1e-6 * total)
    variance = left / max(1, width - 2)
    flat = variance <= 0
    variance[flat] = 1.0
    gains /= variance[:, None].astype(np.float32)
    height = np.sqrt(gains[rows, best].astype(np.float64))
    return np.where(height > 0, best + 1, 0), height, gains


def _table(values: ArrayLike) -> Floats:
    import numpy as np

    table = np.asarray(values)
    if table.dtype != np.float32 and table.dtype != np.float64:
        table = table.astype(np.float64)
    if table.ndim != 2:
        raise ValueError(f"needs series by time, got {table.ndim} dimension(s)")
    return table


def _blocks(table: Floats) -> Iterator[tuple[slice, Floats]]:
    for start in range(0, len(table), BLOCK):
        rows = slice(start, start + BLOCK)
        yield rows, table[rows]


class Sketches:
    """Normal of many series in a bounded sample, kept up while values come, so that ranking reads no history.

    Each series keeps ``samples`` of its values or fewer, spread evenly over all of its past: when there is no room,
    every other one is dropped and from then on half as many are taken. After ``mark()`` the sample stands still and
    only the extremes are kept. 64 values give the interquartile range within about 15 %.
    """

    def __init__(self, series: int, *, samples: int = 64) -> None:
        import numpy as np

        if series < 1 or samples < 2 * MIN_NORMAL:
            raise ValueError(f"needs a series and at least {2 * MIN_NORMAL} samples, got {series} and {samples}")
        self._kept = np.full((samples, series), np.nan, dtype=np.float32)
        self._count, self._stride, self._seen = 0, 1, 0
        self._far: NDArray[np.float64] | None = None
        self._normal: NDArray[np.float64] | None = None

    def update(self, values: ArrayLike) -> None:
        """Take in one value of each series; what is not finite is missing."""
        import numpy as np

        now = np.asarray(values, dtype=np.float64)
        if now.shape != self._kept.shape[1:]:
            raise ValueError(f"needs {self._kept.shape[1]} values, got {now.shape}")
        if self._far is not None:
            known = np.where(np.isfinite(now), now, np.nan)
            np.fmin(self._far[0], known, out=self._far[0])
            np.fmax(self._far[1], known, out=self._far[1])
            return
        if self._seen % self._stride == 0:
            if self._count == len(self._kept):
                half = self._kept[::2].copy()
                self._kept[: len(half)], self._count, self._stride = half, len(half), 2 * self._stride
            if self._seen % self._stride == 0:
                self._kept[self._count] = now
                self._count += 1
        self._seen += 1

    def mark(self) -> None:
        """What was until now is normal; from here on only how far the series go is kept."""
        import numpy as np

        if self._far is None:
            self._far = np.full((2, self._kept.shape[1]), np.nan)

    def changes(self) -> Changes:
        """Return how far each series went since ``mark()``, in about the time that reading the sample takes.

        Raises:
            ValueError: ``mark()`` was not called yet.
        """
        import numpy as np

        if self._far is None:
            raise ValueError("mark() tells where normal ends; it was not called")
        if self._normal is None:
            sample = np.ascontiguousarray(self._kept[: self._count].T)
            self._normal = np.concatenate([_quartiles(block) for _, block in _blocks(sample)], axis=1)
        return _scored(self._normal, self._far)
