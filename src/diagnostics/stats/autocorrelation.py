"""Neighbours in time resemble each other: how many independent values is a series worth?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

#: Beyond this the series is one long wave; the correction would be guesswork.
MAX_CORRELATION = 0.95


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
    """Return the lag-1 autocorrelation with its small-sample bias removed, within 0 and 0.95.

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
