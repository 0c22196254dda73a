"""Rates of events: known answers, properties, and how often they cry wolf."""

from __future__ import annotations

import doctest
import math
import random

import pytest

from diagnostics.stats import events
from diagnostics.stats.events import dispersion, rate_change


@pytest.mark.parametrize(
    ("before", "after", "seconds", "p_value"),
    [
        (10, 30, (100.0, 100.0), 0.00222144),  # 2 * P(X >= 30), X ~ Bin(40, 1/2)
        (0, 5, (100.0, 100.0), 2 * 0.5**5),
        (5, 0, (100.0, 100.0), 2 * 0.5**5),
        (0, 3, (900.0, 100.0), 2 * 0.1**3),
        (20, 20, (100.0, 100.0), 1.0),
        (0, 0, (100.0, 100.0), 1.0),
    ],
)
def test_the_p_value_is_the_binomial_one(before: int, after: int, seconds: tuple[float, float], p_value: float) -> None:
    assert rate_change(before, seconds[0], after, seconds[1]).p_value == pytest.approx(p_value, rel=1e-4)


def test_the_interval_holds_the_ratio_and_is_that_of_the_exact_share() -> None:
    from scipy.stats import binomtest

    for before, after in ((10, 30), (3, 0), (0, 7), (100, 90), (1, 1)):
        found = rate_change(before, 200.0, after, 100.0)
        exact = binomtest(after, before + after, 1 / 3).proportion_ci(0.95, "exact")

        assert found.low <= found.ratio <= found.high
        assert found.low == pytest.approx(exact.low / (1 - exact.low) * 2)
        assert found.high == pytest.approx(exact.high / (1 - exact.high) * 2 if exact.high < 1 else math.inf)


def test_swapping_both_sides_turns_the_ratio_over() -> None:
    one, other = rate_change(12, 300.0, 40, 60.0), rate_change(40, 60.0, 12, 300.0)

    assert one.p_value == pytest.approx(other.p_value)
    assert one.ratio == pytest.approx(1 / other.ratio)
    assert one.low == pytest.approx(1 / other.high)


def test_bursts_weaken_the_evidence() -> None:
    assert rate_change(10, 100, 30, 100, dispersion=4).p_value > 10 * rate_change(10, 100, 30, 100).p_value
    assert rate_change(10, 100, 30, 100, dispersion=4).low < rate_change(10, 100, 30, 100).low


def test_it_cries_wolf_as_seldom_as_it_promises_also_for_bursts() -> None:
    rng = random.Random(3)
    alarms, rounds = {1: 0, 8: 0}, 600
    for burst in alarms:
        for _ in range(rounds):
            buckets = [burst * _poisson(rng, 6.0 / burst) for _ in range(60)]
            spread = dispersion(buckets[:50])
            found = rate_change(sum(buckets[:50]), 50.0, sum(buckets[50:]), 10.0, dispersion=spread)
            alarms[burst] += found.p_value < 0.05

    assert alarms[1] / rounds < 0.06
    assert alarms[8] / rounds < 0.08


@pytest.mark.parametrize("wrong", [(-1, 1.0, 0, 1.0), (0, 0.0, 0, 1.0), (0, 1.0, 0, -1.0)])
def test_what_is_no_count_and_no_span_is_refused(wrong: tuple[int, float, int, float]) -> None:
    with pytest.raises(ValueError, match=r"not negative|span of time"):
        rate_change(*wrong)


def test_counts_never_vary_less_than_independent_ones() -> None:
    with pytest.raises(ValueError, match="at least"):
        rate_change(1, 1.0, 1, 1.0, dispersion=0.5)


def test_the_examples_run() -> None:
    assert doctest.testmod(events).failed == 0


def _poisson(rng: random.Random, mean: float) -> int:
    limit, k, product = math.exp(-mean), 0, rng.random()
    while product > limit:
        k, product = k + 1, product * rng.random()
    return k
