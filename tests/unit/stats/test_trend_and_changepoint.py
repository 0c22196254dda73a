"""Slopes and steps: known answers, properties, false alarms and power."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.stats.changepoint import step_in_mean, step_in_rate
from diagnostics.stats.trend import seconds_until, trend


def ar1(rng, rho, n):
    noise = rng.normal(size=n) * math.sqrt(1 - rho * rho)
    series = [float(rng.normal())]
    for e in noise[1:]:
        series.append(rho * series[-1] + float(e))
    return series


def test_theil_sen_and_its_interval_are_scipys_when_values_are_independent():
    from scipy.stats import theilslopes

    rng = np.random.default_rng(1)
    t = np.arange(30.0)
    y = 2 * t + rng.normal(0, 5, 30)

    ours, theirs = trend(t.tolist(), y.tolist(), independent=True), theilslopes(y, t, 0.95)

    assert ours.slope == pytest.approx(theirs.slope)
    assert ours.low == pytest.approx(theirs.low_slope, abs=0.02)
    assert ours.high == pytest.approx(theirs.high_slope, abs=0.02)


def test_mann_kendall_of_a_worked_example():
    # Gilbert (1987), Statistical Methods for Environmental Pollution Monitoring, eq. 16.2:
    # n = 10 rising, S = 45, variance = 125
    r = trend(range(10), range(10), independent=True)

    assert (r.s, r.tau) == (45.0, 1.0)
    assert r.z == pytest.approx(44 / math.sqrt(125))


def test_kendalls_tau_is_scipys():
    from scipy.stats import kendalltau

    rng = np.random.default_rng(2)
    y = rng.normal(size=25)

    assert trend(range(25), y.tolist()).tau == pytest.approx(kendalltau(range(25), y).statistic)


@settings(max_examples=40)
@given(st.lists(st.floats(-1e3, 1e3).map(lambda v: round(v, 3)), min_size=5, max_size=40), st.integers(-20, 20))
def test_adding_a_line_adds_its_slope(values, slope):
    t = list(range(len(values)))

    plain, tilted = trend(t, values), trend(t, [v + slope * i for i, v in zip(t, values, strict=True)])

    assert tilted.slope == pytest.approx(plain.slope + slope, abs=1e-6)
    assert plain.low <= plain.slope <= plain.high


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_a_wave_is_seldom_taken_for_a_trend(rho):
    rng = np.random.default_rng(3)

    alarms = sum(trend(range(120), ar1(rng, rho, 120)).p_value < 0.05 for _ in range(300))

    assert alarms / 300 <= 0.05


def test_a_leak_of_two_standard_deviations_is_seen():
    rng = np.random.default_rng(4)
    t = list(range(240))

    seen = sum(trend(t, [v + 2 * i / 240 for i, v in enumerate(ar1(rng, 0.5, 240))]).is_rising() for _ in range(60))

    assert seen >= 54


def test_a_short_wave_is_inconclusive():
    r = trend(range(12), [math.sin(i / 4) for i in range(12)])

    assert not r.is_conclusive
    assert r.p_value == 1.0
    assert not r.is_rising()


def test_time_to_exhaustion_lies_between_its_ends():
    rng = np.random.default_rng(5)
    t = list(range(100))
    line = trend(t, [10 * i + float(rng.normal(0, 20)) for i in t])

    guess, soonest, latest = seconds_until(line, now=99, limit=2000)

    assert soonest <= guess <= latest
    assert guess == pytest.approx(101, rel=0.1)
    assert seconds_until(line, now=99, limit=0) is None


def test_long_series_are_averaged_in_blocks():
    t = list(range(20_000))

    assert trend(t, [0.5 * i for i in t]).slope == pytest.approx(0.5)


@pytest.mark.parametrize(("t", "y"), [([1, 2], [1, 2]), ([1, 1, 1], [1, 2, 3]), ([1, 2, 3], [1, 2])])
def test_points_that_make_no_line_are_refused(t, y):
    with pytest.raises(ValueError, match=r"at least 3|one time|values"):
        trend(t, y)


def test_a_clean_step_is_found_where_it_is():
    step = step_in_mean([1.0] * 20 + [5.0] * 12)

    assert (step.index, step.before, step.after) == (20, 1.0, 5.0)
    assert (step.earliest, step.latest) == (20, 20)
    assert step.p_value < 1e-6


@pytest.mark.parametrize("values", [[], [1.0] * 7, [3.0] * 50])
def test_nothing_and_a_constant_have_no_step(values):
    assert step_in_mean(values) is None


def test_the_interval_holds_the_true_place_most_of_the_time():
    rng = np.random.default_rng(6)
    held = found = 0
    for _ in range(200):
        step = step_in_mean((rng.normal(0, 1, 60).tolist()) + rng.normal(1.5, 1, 60).tolist())
        if step is not None:
            found += 1
            held += step.earliest <= 60 <= step.latest
    assert found >= 180
    assert held / found >= 0.92


@pytest.mark.parametrize("rho", [0.0, 0.6])
def test_noise_is_seldom_taken_for_a_step(rho):
    rng = np.random.default_rng(7)

    alarms = sum(step_in_mean(ar1(rng, rho, 120)) is not None for _ in range(300))

    assert alarms / 300 <= 0.05


def test_a_change_of_rate_is_found_in_counts_and_reported_as_rates():
    rng = np.random.default_rng(8)
    counts = rng.poisson(2, 40).tolist() + rng.poisson(12, 20).tolist()

    step = step_in_rate(counts)

    assert step.earliest <= 40 <= step.latest
    assert step.before == pytest.approx(2, abs=0.7)
    assert step.after == pytest.approx(12, abs=2)


@settings(max_examples=40)
@given(st.lists(st.integers(0, 50), min_size=8, max_size=60))
def test_a_step_lies_within_the_series_and_its_interval(counts):
    step = step_in_rate(counts)

    if step is not None:
        assert 3 <= step.earliest <= step.index <= step.latest <= len(counts) - 3
        assert step.gain > step.penalty
