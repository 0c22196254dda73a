"""Many questions at once: p-values corrected for how many were asked."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return adjusted p-values that bound the chance of even one false alarm, in the order given.

    Source: Holm (1979), Scand. J. Statist. 6:65; valid under any dependence.

    Example:
        >>> [round(p, 6) for p in holm([0.01, 0.04, 0.03, 0.005])]
        [0.03, 0.06, 0.06, 0.02]
    """
    _check(p_values)
    m = len(p_values)
    adjusted = [0.0] * m
    worst = 0.0
    for rank, index in enumerate(sorted(range(m), key=p_values.__getitem__)):
        worst = max(worst, min(1.0, (m - rank) * p_values[index]))
        adjusted[index] = worst
    return tuple(adjusted)


def benjamini_hochberg(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return adjusted p-values that bound the expected share of false alarms among all alarms.

    Source: Benjamini and Hochberg (1995), JRSS B 57:289; valid under independence or positive dependence.
    """
    _check(p_values)
    m = len(p_values)
    adjusted = [0.0] * m
    best = 1.0
    for rank, index in reversed(list(enumerate(sorted(range(m), key=p_values.__getitem__), start=1))):
        best = min(best, p_values[index] * m / rank)
        adjusted[index] = best
    return tuple(adjusted)


def _check(p_values: Sequence[float]) -> None:
    for p in p_values:
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"{p} is no p-value")
