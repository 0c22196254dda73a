"""How much must be seen? Sample sizes and power, before anybody looks."""

from __future__ import annotations

import math
from statistics import NormalDist

_NORMAL = NormalDist()


def values_for_difference(
    effect: float, deviation: float, *, power: float = 0.8, alpha: float = 0.05, rho: float = 0.0
) -> int:
    """Return how many values a side show a difference of means, two-sided.

    ``n = 2 (z_a + z_b)^2 (deviation / effect)^2``, times ``(1 + rho) / (1 - rho)`` where neighbours correlate.

    Source: Chow, Shao, Wang (2008), Sample Size Calculations in Clinical Research, 3.2.1.

    Example:
        >>> values_for_difference(0.5, 1.0)
        63
    """
    _check(power, alpha)
    if effect == 0.0 or deviation <= 0.0 or not 0.0 <= rho < 1.0:
        raise ValueError("the effect is not 0, the deviation is positive, rho lies from 0 up to 1")
    z = _NORMAL.inv_cdf(1.0 - alpha / 2.0) + _NORMAL.inv_cdf(power)
    return math.ceil(2.0 * (z * deviation / effect) ** 2 * (1.0 + rho) / (1.0 - rho))


def values_for_ratio(
    change: float, log_deviation: float, *, power: float = 0.8, alpha: float = 0.05, rho: float = 0.0
) -> int:
    """Return how many values a side show that latencies changed by ``change`` (0.1: by 10 %).

    Args:
        change: Relative change, above -1.
        log_deviation: Standard deviation of the logarithms; half the logarithm of p97.5 / p2.5 is nearly twice that.
        power: Wanted chance to see it.
        alpha: Error rate.
        rho: Correlation of neighbours.
    """
    if change <= -1.0:
        raise ValueError(f"no time can shrink by {change:.0%}")
    return values_for_difference(math.log1p(change), log_deviation, power=power, alpha=alpha, rho=rho)


def trials_for_rates(before: float, after: float, *, power: float = 0.8, alpha: float = 0.05) -> int:
    """Return how many trials a side show that a rate went from ``before`` to ``after``, two-sided.

    Source: Fleiss, Levin, Paik (2003), Statistical Methods for Rates and Proportions, eq. 4.14 (without
    continuity correction).

    Example:
        >>> trials_for_rates(0.02, 0.04)
        1141
    """
    _check(power, alpha)
    if not (0.0 <= before <= 1.0 and 0.0 <= after <= 1.0) or before == after:
        raise ValueError("two different rates between 0 and 1 are needed")
    za, zb = _NORMAL.inv_cdf(1.0 - alpha / 2.0), _NORMAL.inv_cdf(power)
    mean = (before + after) / 2.0
    spread = za * math.sqrt(2.0 * mean * (1.0 - mean)) + zb * math.sqrt(before * (1.0 - before) + after * (1.0 - after))
    return math.ceil((spread / (after - before)) ** 2)


def _check(power: float, alpha: float) -> None:
    if not 0.0 < power < 1.0 or not 0.0 < alpha < 1.0:
        raise ValueError("power and alpha lie between 0 and 1")
