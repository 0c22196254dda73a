"""Does it leak? Lasting growth, told from a warm-up, a step, a saw-tooth and noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from diagnostics.stats.autocorrelation import MIN_EFFECTIVE
from diagnostics.stats.summary import checked
from diagnostics.stats.trend import Trend, seconds_until, trend

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FEWEST_POINTS = 32
BLOCKS = 48
"""Parts of the time of which each gives its floor."""
FEWEST_TEETH = 3
FEWEST_TROUGHS = 7
_TOOTH = 0.3
"""A fall by this share of the range is the end of a tooth."""
_ALPHA = 0.01
_ALPHA_HALF = 0.05
_GOES_ON = 0.5
_LONGEST_WARM_UP = 0.25
_STRONG = 6.0
"""Difference of the criterion that is strong evidence for the richer shape (Raftery 1995, Sociol. Methodol. 25:111)."""
_NOTICEABLE = 0.005
"""Growth over the whole time, as a share of the level, below which nobody cares."""


class Growth(StrEnum):
    """How a number grows."""

    LEAK = "leak"
    SETTLING = "settling"
    STEPPED = "stepped"
    STABLE = "stable"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakVerdict:
    """Whether a number grows for good.

    Attributes:
        growth: ``leak``: it goes on; ``settling``: it grew and the growth dies out; ``stepped``: it grew once;
            ``stable``; ``unknown``: too little was seen to tell.
        slope: Growth of the floor per unit of time, after the warm-up (Theil-Sen).
        low: Lower end of its interval.
        high: Upper end.
        p_value: Two-sided, autocorrelation included; 1 when nothing could be said.
        until_limit: Best guess, soonest and latest time until the limit; None unless it leaks towards one.
        is_sawtooth: Whether it falls again and again, so that only the troughs were looked at.
        n: Points that were given.
        n_floor: Floors (or troughs) that were made of them.
    """

    growth: Growth
    slope: float
    low: float
    high: float
    p_value: float
    until_limit: tuple[float, float, float] | None
    is_sawtooth: bool
    n: int
    n_floor: int
    confidence: float


def leak(
    times: Sequence[float], values: Sequence[float], *, limit: float | None = None, confidence: float = 0.95
) -> LeakVerdict:
    """Return whether the floor of a series keeps growing.

    Memory that is freed now and then shows in its lowest values what stays: of a saw-tooth the troughs are looked at, of
    anything else the lowest value of each of 48 parts of the time. To these floors shapes are fitted by least squares
    (constant; line; a warm-up ``1 - exp(-t/tau)``; one step; a line with a warm-up or a step); the Bayesian information
    criterion (Schwarz 1978, Ann. Stat. 6:461) chooses, the plainer one unless the evidence is strong. It is a leak when
    the choice holds a line that rises, when Mann and Kendall's test says so of the floors without what passes (p < 0.01,
    autocorrelation included), and when the second half rises by itself at half that speed or more.

    Args:
        times: Increasing, in any unit.
        values: Of the same number.
        limit: Where growth ends badly.
        confidence: Of the interval of the slope.

    Raises:
        ValueError: Fewer than three points, or all at one time.
    """
    import numpy as np

    t, y = np.array(checked(times, at_least=3)), np.array(checked(values, at_least=3))
    if len(t) != len(y):
        raise ValueError(f"{len(t)} times and {len(y)} values")
    order = np.argsort(t, kind="stable")
    t, y = t[order], y[order]
    teeth = _troughs(t, y)
    sawtooth = teeth is not None
    if teeth is not None:
        ft, fy = teeth
    else:
        ft, fy = _floors(t, y)
    line = trend(ft.tolist(), fy.tolist(), confidence) if len(ft) >= 3 and ft[0] < ft[-1] else None
    growth = Growth.UNKNOWN
    if line is not None and len(y) >= FEWEST_POINTS and len(ft) >= FEWEST_TROUGHS:
        growth, line = _judge(ft, fy, line, confidence, independent=sawtooth)
    until = None
    if growth is Growth.LEAK and limit is not None and line is not None:
        until = seconds_until(line, float(t[-1]), limit)
    return LeakVerdict(
        growth=growth,
        slope=line.slope if line is not None else 0.0,
        low=line.low if line is not None else -math.inf,
        high=line.high if line is not None else math.inf,
        p_value=line.p_value if line is not None else 1.0,
        until_limit=until,
        is_sawtooth=sawtooth,
        n=len(y),
        n_floor=len(ft),
        confidence=confidence,
    )


def _judge(
    t: NDArray[np.float64], y: NDArray[np.float64], line: Trend, confidence: float, *, independent: bool
) -> tuple[Growth, Trend]:
    shape, rise, passing = _shape(t, y)
    if shape == "constant":
        return Growth.STABLE, line
    if shape in {"warm-up", "step"}:
        if rise <= 0:
            return Growth.STABLE, line
        return (Growth.SETTLING if shape == "warm-up" else Growth.STEPPED), line
    if shape == "tooth":  # it fell once: the next fall may be as deep
        return Growth.UNKNOWN, line
    y = y - passing
    # Troughs are apart from each other by a whole tooth: each is news.
    line = trend(t.tolist(), y.tolist(), confidence, independent=independent)
    grown = line.slope * (t[-1] - t[0])
    if line.slope <= 0 or grown < _NOTICEABLE * abs(float(y.mean())):
        grew = passing[-1] > passing[0]
        return {"warm-up and line": Growth.SETTLING, "step and line": Growth.STEPPED}.get(
            shape if grew else "", Growth.STABLE
        ), line
    if not (line.is_conclusive or independent) or _p(line) >= _ALPHA:
        return Growth.UNKNOWN, line
    # What leaks goes on leaking: the second half has to show it alone.
    half = len(t) // 2
    late = trend(t[half:].tolist(), y[half:].tolist(), confidence, independent=True)
    goes_on = late.slope >= _GOES_ON * line.slope and _p(late) < _ALPHA_HALF
    return (Growth.LEAK if goes_on else Growth.UNKNOWN), line


def _p(line: Trend) -> float:
    return math.erfc(abs(line.z) / math.sqrt(2.0)) if line.n_effective < MIN_EFFECTIVE else line.p_value


def _shape(t: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[str, float, NDArray[np.float64]]:
    """Return the shape that explains the floors best, by how much it rises, and the part of it that passes."""
    import numpy as np

    n = len(y)
    x = (t - t[0]) / (t[-1] - t[0])
    scale = float(np.ptp(y))
    nothing = np.zeros(n)
    if scale == 0.0:
        return "constant", 0.0, nothing
    z = (y - y.min()) / scale
    # Numbers are never exact: without a floor below the error a perfect fit would beat everything by any margin.
    exact = 1e-6 * n
    fits: list[_Fit] = []

    def consider(shape: str, parameters: int, *columns: NDArray[np.float64]) -> None:
        matrix = np.column_stack((np.ones(n), *columns))
        found, *_ = np.linalg.lstsq(matrix, z, rcond=None)
        rest = z - matrix @ found
        score = n * math.log(max(float(rest @ rest), exact) / n) + parameters * math.log(n)
        passing = scale * found[1] * columns[0] if len(columns) == 2 else nothing
        if shape == "step and line" and found[1] < 0:
            shape = "tooth"
        fits.append(_Fit(parameters, score, shape, float(found[-1]) if columns else 0.0, passing))

    consider("constant", 1)
    consider("line", 2, x)
    for tau in np.geomspace(0.005, 0.6, 48):
        curve = 1.0 - np.exp(-x / tau)
        consider("warm-up", 3, curve)
        if tau <= _LONGEST_WARM_UP:
            consider("warm-up and line", 4, curve, x)
    for place in range(2, n - 1):
        after = (np.arange(n) >= place).astype(float)
        consider("step", 3, after)
        consider("step and line", 4, after, x)
    least = min(fit.score for fit in fits)
    fewest = min(fit.parameters for fit in fits if fit.score <= least + _STRONG)
    best = min((fit for fit in fits if fit.parameters == fewest), key=lambda fit: fit.score)
    if best.rise <= 0 and best.shape in {"line", "tooth"}:
        return "constant", 0.0, nothing
    if best.rise <= 0 and best.shape.endswith("and line"):  # what grew does so no longer
        return best.shape.removesuffix(" and line"), float(best.passing[-1] - best.passing[0]), nothing
    return best.shape, best.rise, best.passing


class _Fit(NamedTuple):
    parameters: int
    score: float
    shape: str
    rise: float
    passing: NDArray[np.float64]


def _floors(t: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lowest value of each part of the time, and when that was."""
    import numpy as np

    parts = max(3, min(BLOCKS, len(y) // 2))
    edges = np.linspace(t[0], t[-1], parts + 1)
    cuts = np.searchsorted(t, edges[1:-1])
    ft, fy = [], []
    for ts, ys in zip(np.split(t, cuts), np.split(y, cuts), strict=True):
        if len(ys):
            place = int(ys.argmin())
            ft.append(ts[place])
            fy.append(ys[place])
    return np.array(ft), np.array(fy)


def _troughs(t: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return the lowest points after each fall, when the series falls and rises again and again."""
    import numpy as np

    # The range of the teeth, not that of the whole climb: otherwise a long leak would hide its own saw.
    line = np.polyfit(t - t[0], y, 1)
    flat = y - np.polyval(line, t - t[0])
    size = float(np.quantile(flat, 0.98) - np.quantile(flat, 0.02))
    jumps = np.abs(np.diff(y))
    noise = float(np.median(jumps)) * 6.0
    least = max(_TOOTH * size, noise)
    if least <= 0:
        return None
    places: list[int] = []
    top = bottom = 0
    falling = False
    for index in range(len(y)):
        if not falling:
            if y[index] >= y[top]:
                top = index
            elif y[top] - y[index] >= least:
                falling, bottom = True, index
        elif y[index] <= y[bottom]:
            bottom = index
        elif y[index] - y[bottom] >= least:
            places.append(bottom)
            falling, top = False, index
    if falling:
        places.append(bottom)
    if len(places) < FEWEST_TEETH:
        return None
    # With many teeth in each part of the time, the parts' floors say the same and are spread more evenly.
    if len(places) > BLOCKS:
        return None
    chosen = np.array(places)
    return t[chosen], y[chosen]
