"""Neighbours in time resemble each other: how many independent values is a series worth?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Beyond this the series is one long wave; the correction would be guesswork.
MAX_CORRELATION = 0.99
#: With fewer effective values than this nothing can be told from a wave.
MIN_EFFECTIVE = 8.0
#: Blocks are formed while so many remain: the variance of fewer is guesswork.
_MIN_BLOCKS = 20


def lag_one(values: Sequence[float]) -> float:
    """Return the lag-1 autocorrelation about the mean; 0 for a constant series.

    Source: Box, Jenkins, Reinsel (1994), Time Series Analysis, eq. 2.1.13.
    """
    n = len(values)
    if n < 2:
        return 0.0
    mean = math.fsum(values) / n
    centred = [v - mean for v in values]
    total = math.fsum(c * c for c in centred)
    if total <= 0.0:
        return 0.0
    return max(-1.0, min(1.0, math.fsum(a * b for a, b in pairwise(centred)) / total))


def corrected(values: Sequence[float]) -> float:
    """Return the lag-1 autocorrelation with its small-sample bias removed, within 0 and 0.99.

    Source: Marriott and Pope (1954), Biometrika 41:390: ``E[r1] = rho - (1 + 3 rho) / n`` to the first order.
    Negative correlation would make a series worth more than its length; we do not take that credit.
    """
    n = len(values)
    if n < 5:
        return 0.0
    return min(MAX_CORRELATION, max(0.0, (n * lag_one(values) + 1.0) / (n - 3.0)))


def cautious(rho: float, n: int) -> float:
    """Return ``rho`` plus one standard error of its own: what it may well be."""
    return min(MAX_CORRELATION, rho + math.sqrt((1.0 - rho * rho) / n)) if n else MAX_CORRELATION


def inflation(rho: float) -> float:
    """Return by how much the variance of a mean grows under an AR(1) with ``rho``: ``(1 + rho) / (1 - rho)``.

    Source: Bayley and Hammersley (1946), JRSS Suppl. 8:184.
    """
    return (1.0 + rho) / (1.0 - rho)


def variance_inflation(*series: Sequence[float] | NDArray[np.float64], fitted: int = 1) -> float:
    """Return by how much the variance of the mean of these series exceeds that of independent values, cautiously.

    The series are parts of one process with means of their own (before and after): what they say about its
    correlation is pooled. The answer is the largest of three, because real telemetry is rarely a pure AR(1):

    - an AR(1) with the lag-1 correlation, its bias removed, one standard error up;
    - an AR(1) hidden under independent noise, for which neighbours correlate little and yet for long: from how
      fast the correlations of lags 1 to 4 decay;
    - the variance of the means of blocks of 2, 4, 8 ... values, down to 20 blocks, each taken as an AR(1).

    Taken of the values and of their ranks, because outliers hide correlation; the larger counts.

    Args:
        series: In order of time.
        fitted: Parameters that were fitted to each and took a part of its correlation: 1 a mean, 2 a line.

    Source: AR(1) and bias as in ``inflation`` and ``corrected``; blocks: Carlstein (1986), Ann. Statist. 14:1171.
    """
    import numpy as np
    from scipy.stats import rankdata

    parts = [np.asarray(s, dtype=float) for s in series if len(s)]
    if not parts:
        return 1.0
    ranks = np.split(rankdata(np.concatenate(parts)), np.cumsum([len(p) for p in parts])[:-1])
    return max(_inflation_of(parts, fitted), _inflation_of(ranks, fitted))


def _inflation_of(parts: list[NDArray[np.float64]], fitted: int) -> float:
    centred = [p - p.mean() for p in parts]
    n = sum(len(c) for c in centred)
    variance = _pooled_variance(centred)
    if n <= 3 * len(parts) * fitted or variance <= 0.0:
        return 1.0
    best = inflation(cautious(_pooled_correlation(centred, fitted), n))
    best = max(best, _masked(centred, n, fitted))
    size = 2
    while sum(len(p) // size for p in parts) >= _MIN_BLOCKS and min(len(p) for p in parts) // size >= 4:
        blocks = [b - b.mean() for b in (_blocks(p, size) for p in parts)]
        best = max(best, size * _pooled_variance(blocks) / variance * inflation(_pooled_correlation(blocks, fitted)))
        size *= 2
    return best


def _masked(centred: list[NDArray[np.float64]], n: int, fitted: int) -> float:
    """Return the inflation of an AR(1) under independent noise: ``1 + 2 r1 / (1 - phi)``.

    ``phi`` is how fast the correlations decay from one lag to the next, from lags 1 to 4.
    """
    total = sum(float(c @ c) for c in centred)
    lags = [
        sum(float(c[k:] @ c[:-k]) for c in centred if len(c) > k) / total + len(centred) * fitted / n
        for k in (1, 2, 3, 4)
    ]
    error = 1.0 / math.sqrt(n)
    early, late = sum(lags[:3]), sum(lags[1:])
    # Noise has a sum of three correlations with a standard error of sqrt(3 / n).
    if early <= 2.0 * math.sqrt(3.0) * error or late <= 0.0:
        return 1.0
    # A wave longer than a sixth of the series cannot be told from a level.
    phi = min(MAX_CORRELATION, 1.0 - 6.0 / n, late / early)
    return 1.0 + 2.0 * min(1.0, max(0.0, lags[0] + error)) / (1.0 - phi)


def _pooled_correlation(centred: list[NDArray[np.float64]], fitted: int) -> float:
    total = sum(float(c @ c) for c in centred)
    n, parts = sum(len(c) for c in centred), len(centred) * fitted
    if total <= 0.0 or n <= 3 * parts:
        return 0.0
    raw = sum(float(c[1:] @ c[:-1]) for c in centred) / total
    return min(MAX_CORRELATION, max(0.0, (n * raw + parts) / (n - 3.0 * parts)))


def _pooled_variance(centred: list[NDArray[np.float64]]) -> float:
    freedom = sum(len(c) for c in centred) - len(centred)
    return sum(float(c @ c) for c in centred) / freedom if freedom > 0 else 0.0


def _blocks(values: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    count = len(values) // size
    blocks: NDArray[np.float64] = values[: count * size].reshape(count, size).mean(axis=1)
    return blocks
