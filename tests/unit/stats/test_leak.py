"""Growth that lasts is told from growth that does not; how often that goes wrong is in benchmarks/bench_leak.py."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.stats.leak import Growth, leak

MEGABYTE = 1 << 20
SECONDS = [6.0 * n for n in range(600)]


def noisy(shape, seed: int = 1, noise: float = 0.002) -> list[float]:
    rng = random.Random(seed)
    return [200 * MEGABYTE * (shape(second / 3600.0) + rng.gauss(0, noise)) for second in SECONDS]


def saw(x: float, teeth: int = 20) -> float:
    return 0.2 * ((x * teeth) % 1.0)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (lambda x: 1.0, {Growth.STABLE}),
        (lambda x: 1.0 + saw(x), {Growth.STABLE}),
        (lambda x: 1.0 + 0.5 * (1 - math.exp(-x / 0.1)), {Growth.SETTLING, Growth.UNKNOWN}),
        (lambda x: 1.0 + 0.5 * (1 - math.exp(-x / 0.3)), {Growth.SETTLING}),
        (lambda x: 1.0 + 0.3 * (x > 0.6), {Growth.STEPPED}),
        (lambda x: 2.0 - 0.4 * x, {Growth.STABLE}),
        (lambda x: 1.0 + 0.4 * x, {Growth.LEAK}),
        (lambda x: 1.0 + 0.4 * x + saw(x), {Growth.LEAK}),
        (lambda x: 1.0 + 0.4 * x + 0.3 * (x > 0.4), {Growth.LEAK}),
    ],
    ids=["flat", "saw", "warm-up", "slow warm-up", "step", "shrinking", "leak", "leak and saw", "leak and step"],
)
def test_growth_is_named_for_what_it_is(shape, expected, seed) -> None:
    assert leak(SECONDS, noisy(shape, seed)).growth in expected


def test_the_interval_of_the_slope_holds_the_true_one_and_the_limit_is_met_in_time() -> None:
    verdict = leak(SECONDS, noisy(lambda x: 1.0 + 0.5 * x + saw(x)), limit=400.0 * MEGABYTE)

    true = 100 * MEGABYTE / 3600.0
    assert verdict.is_sawtooth
    assert verdict.low <= true <= verdict.high
    assert verdict.until_limit is not None
    _, soonest, latest = verdict.until_limit
    assert soonest * 0.98 <= 3600.0 <= latest * 1.02  # the level itself is known to within the noise


def test_a_few_points_tell_nothing() -> None:
    assert leak(SECONDS[:20], [float(n) for n in range(20)]).growth is Growth.UNKNOWN


def test_one_ramp_and_two_falls_are_no_saw_yet() -> None:
    verdict = leak(SECONDS, noisy(lambda x: 1.0 + saw(x, teeth=2)))

    assert verdict.growth in {Growth.UNKNOWN, Growth.STABLE}


@settings(max_examples=10)
@given(st.floats(1e-3, 1e12), st.floats(1e-3, 1e6))
def test_units_do_not_matter(size: float, time: float) -> None:
    values = noisy(lambda x: 1.0 + 0.4 * x, seed=3)[::4]
    times = SECONDS[::4]

    scaled = leak([t * time for t in times], [v / MEGABYTE * size for v in values])

    assert scaled.growth is leak(times, values).growth


@settings(max_examples=40)
@given(st.lists(st.floats(0, 1e9), min_size=3, max_size=80))
def test_any_numbers_get_a_verdict(values: list[float]) -> None:
    verdict = leak([float(n) for n in range(len(values))], values)

    assert verdict.low <= verdict.slope <= verdict.high
    assert verdict.n == len(values)
