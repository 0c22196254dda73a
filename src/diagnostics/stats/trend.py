"""Is it creeping up? Robust slope and monotone trend, honest about autocorrelation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

from diagnostics.stats.autocorrelation import MAX_CORRELATION, MIN_EFFECTIVE, inflation, variance_inflation
from diagnostics.stats.proportions import z_of
from diagnostics.stats.summary import checked

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_NORMAL = NormalDist()

#: Longer series are averaged into so many blocks before all pairs of points are formed.
MAX_POINTS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A slope per unit of time and whether it is one.

    Attributes:
        slope: Theil-Sen: the median of the slopes of all pairs of points.
        low: Lower end of its interval.
        high: Upper end of its interval.
        intercept: Median of ``value - slope * t``.
        s: Kendall's S: pairs that rise minus pairs that fall.
        tau: S over the number of pairs, from -1 to 1.
        z: S over its standard deviation, ties and autocorrelation included.
        p_value: Two-sided.
        inflation: Of the variance.
        n: Points.
        n_effective: What they are worth.
        is_conclusive: False when they are worth fewer than 8; then no verdict is drawn, and ``p_value`` is 1.
    """

    slope: float
    low: float
    high: float
    intercept: float
    s: float
    tau: float
    z: float
    p_value: float
    inflation: float
    n: int
    n_effective: float
    is_conclusive: bool
    confidence: float

    def is_rising(self, alpha: float = 0.05) -> bool:
        """Return whether the values rise, with at most ``alpha`` chance of a false alarm."""
        return self.is_conclusive and self.slope > 0 and self.p_value < alpha


def trend(
    times: Sequence[float], values: Sequence[float], confidence: float = 0.95, *, independent: bool = False
) -> Trend:
    """Return Theil-Sen's slope with Sen's interval and the Mann-Kendall test.

    The variance of S is multiplied by the inflation of the residuals from the line (``variance_inflation``),
    unless the values are known to be ``independent``.

    Source: Sen (1968), JASA 63:1379; Mann (1945), Econometrica 13:245; Kendall (1975), Rank Correlation
    Methods, ch. 4; the inflation as in Hamed and Rao (1998), J. Hydrol. 204:182, for an AR(1).

    Raises:
        ValueError: Fewer than three points, or all at one time.
    """
    import numpy as np

    t, y = np.array(checked(times, at_least=3)), np.array(checked(values, at_least=3))
    if len(t) != len(y):
        raise ValueError(f"{len(t)} times and {len(y)} values")
    if t.min() == t.max():
        raise ValueError("all points are at one time")
    order = np.argsort(t, kind="stable")
    t, y = _blocks(t[order]), _blocks(y[order])
    n = len(t)

    i, j = np.triu_indices(n, k=1)
    dt, dy = t[j] - t[i], y[j] - y[i]
    apart = dt > 0
    slopes = np.sort(dy[apart] / dt[apart])
    slope = float(np.median(slopes))
    s = float(np.sign(dy[apart]).sum())
    if independent:
        factor = 1.0
    elif n > MIN_EFFECTIVE:
        factor = variance_inflation(y - slope * t, fitted=2)
    else:
        factor = inflation(MAX_CORRELATION)
    variance = _variance_of_s(t, y)
    z = 0.0 if variance <= 0 else math.copysign(max(0.0, abs(s) - 1.0), s) / math.sqrt(variance * factor)
    half = z_of(confidence) * math.sqrt(max(variance, 0.0) * factor)
    pairs = len(slopes)
    low = slopes[max(0, min(pairs - 1, math.floor((pairs - half) / 2)))]
    high = slopes[max(0, min(pairs - 1, math.ceil((pairs + half) / 2)))]
    effective = n / factor
    conclusive = effective >= MIN_EFFECTIVE
    return Trend(
        slope=slope,
        low=float(low),
        high=float(high),
        intercept=float(np.median(y - slope * t)),
        s=s,
        tau=s / pairs,
        z=z,
        p_value=math.erfc(abs(z) / math.sqrt(2.0)) if conclusive else 1.0,
        inflation=factor,
        n=n,
        n_effective=effective,
        is_conclusive=conclusive,
        confidence=confidence,
    )


def seconds_until(line: Trend, now: float, limit: float) -> tuple[float, float, float] | None:
    """Return ``(best guess, soonest, latest)`` seconds until the line reaches ``limit``, or None.

    None when no significant trend leads there.

    The ends come from the ends of the slope's interval through the line's value now; ``latest`` is infinite
    when the interval holds a slope of zero.
    """
    here = line.intercept + line.slope * now
    gap = limit - here
    if gap == 0 or not line.is_conclusive or line.p_value >= 1.0 - line.confidence or gap * line.slope <= 0:
        return None
    fast, slow = (line.high, line.low) if line.slope > 0 else (line.low, line.high)
    return gap / line.slope, gap / fast, gap / slow if slow * line.slope > 0 else math.inf


def _variance_of_s(t: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Kendall's variance of S with ties in both."""
    import numpy as np

    n = len(t)
    ct = np.unique(t, return_counts=True)[1].astype(float)
    cy = np.unique(y, return_counts=True)[1].astype(float)

    def term(c: NDArray[np.float64]) -> float:
        return float((c * (c - 1) * (2 * c + 5)).sum())

    value = (n * (n - 1) * (2 * n + 5) - term(ct) - term(cy)) / 18.0
    if n > 2:
        three = float((ct * (ct - 1) * (ct - 2)).sum()) * float((cy * (cy - 1) * (cy - 2)).sum())
        value += three / (9.0 * n * (n - 1) * (n - 2))
    return value + float((ct * (ct - 1)).sum()) * float((cy * (cy - 1)).sum()) / (2.0 * n * (n - 1))


def _blocks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np

    if len(values) <= MAX_POINTS:
        return values
    return np.array([part.mean() for part in np.array_split(values, MAX_POINTS)])
