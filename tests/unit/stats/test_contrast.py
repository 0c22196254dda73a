"""Comparison of series with their own past: calibration, invariance, known answers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as reference

from diagnostics.stats import contrast


def ar1(rng: np.random.Generator, n: int, rho: float, *, heavy: bool = False) -> np.ndarray:
    noise = rng.standard_t(3, n) if heavy else rng.standard_normal(n)
    values = np.empty(n)
    values[0] = noise[0]
    for i in range(1, n):
        values[i] = rho * values[i - 1] + noise[i]
    return values


@pytest.mark.parametrize(("rho", "heavy"), [(0.0, False), (0.5, False), (0.9, False), (0.5, True)])
def test_series_that_did_not_change_seldom_look_changed(rho: float, heavy: bool) -> None:
    rng = np.random.default_rng(7)
    series = np.column_stack([ar1(rng, 605, rho, heavy=heavy) for _ in range(400)])

    p = contrast.change_p(series[:600], series[600:], 2, 5)

    # 400 trials at 5 %: 20 expected, and more than 33 would be a chance of 1 in 500.
    assert np.sum(p <= 0.05) <= 33
    assert np.sum(p <= 0.001) <= 4


def test_an_episode_is_found_where_it_is_and_seldom_where_there_is_none() -> None:
    rng = np.random.default_rng(3)
    false = 0
    for _ in range(40):
        z = ar1(rng, 620, 0.5)
        false += contrast.episode(z[600:], z[:600]).p_value <= 0.05  # type: ignore[union-attr]
    sick = ar1(rng, 620, 0.5)
    sick[610:616] += 12.0

    found = contrast.episode(sick[600:], sick[:600])

    assert false <= 7  # 2 expected of 40; more than 7 would be a chance of 1 in 1000
    assert found is not None
    assert (found.start, found.stop) == (10, 16)
    assert found.p_value < 0.001


def test_short_normal_times_do_not_hide_what_is_plain() -> None:
    rng = np.random.default_rng(5)
    normal, now = rng.standard_normal(40), rng.standard_normal(40)
    now[25:35] += 30.0

    found = contrast.episode(now, normal)

    assert found is not None
    assert found.p_value < 0.01
    assert (found.start, found.stop) == (25, 35)


def test_a_dead_column_gives_the_rank_alone() -> None:
    normal, now = np.zeros((99, 1)), np.array([[0.0], [0.0], [100.0], [100.0]])

    # 96 places for two rows before two rows, all of them without a change.
    assert contrast.change_p(normal, now, 2, 4)[0] == pytest.approx(1 / (96 + 1))


def test_a_series_that_has_been_different_all_along_did_not_change() -> None:
    rng = np.random.default_rng(1)
    normal, now = rng.standard_normal((500, 1)), 50.0 + rng.standard_normal((6, 1))

    assert contrast.change_p(normal, now, 3, 6)[0] > 0.05
    assert contrast.change_p(normal, now, 0, 6)[0] < 1e-3


def test_nothing_measured_is_nothing_known() -> None:
    normal, now = np.zeros((50, 2)), np.full((4, 2), np.nan)
    normal[:, 1] = np.nan

    assert np.all(np.isnan(contrast.change_p(normal, now, 2, 4)))
    assert contrast.episode(now[:, 0], normal[:, 0]) is None


@given(st.floats(0.5, 60.0))
def test_the_tail_beyond_a_short_null_is_students(t: float) -> None:
    ordered = np.array([-3.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0])
    sigma = float(contrast.spread(ordered[:, None])[0])
    observed = 3.0 + t

    p = contrast.upper_tail(ordered[:, None], np.array([observed]))[0]

    # Noise is the scale of a law with 3 degrees of freedom and that standard deviation.
    assert p == pytest.approx(min(0.1, reference.t.sf(observed / sigma, 3)), rel=1e-6)


@given(st.floats(1e-3, 1e3), st.integers(0, 10_000))
def test_the_scale_of_a_metric_does_not_matter(scale: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    normal, now = rng.gamma(2.0, 1.0, 200), rng.gamma(2.0, 1.0, 6)
    here = contrast.standardised(normal, now, 1)
    there = contrast.standardised(normal * scale, now * scale, 1)

    assert np.allclose(here[1], there[1])


@given(st.floats(0.0, 1.0))
def test_support_grows_as_p_falls(p: float) -> None:
    assert contrast.support(p) >= contrast.support(min(1.0, p * 1.1 + 1e-6))
    assert contrast.support(1.0) < 0 < contrast.support(0.05)


@given(st.floats(1e-9, 1.0), st.floats(1e-9, 1.0))
def test_two_p_values_combine_as_fisher_says(first: float, second: float) -> None:
    expected = reference.combine_pvalues([first, second], method="fisher").pvalue

    assert contrast.combined(first, second) == pytest.approx(expected, rel=1e-9)


@given(st.integers(0, 400), st.integers(0, 400))
def test_counted_failures_agree_with_the_beta_binomial_law(failed: int, more: int) -> None:
    n = failed + more + 1

    p = contrast.failures_tail(failed, n, 3, 1000)

    expected = 1.0 if failed == 0 else reference.betabinom.sf(failed - 1, n, 3.5, 997.5)
    assert p == pytest.approx(max(1e-12, expected), rel=1e-9)


def test_clustered_failures_count_for_fewer() -> None:
    assert contrast.failures_tail(20, 100, 50, 1000, 8.0) > contrast.failures_tail(20, 100, 50, 1000)


def test_the_dispersion_of_independent_failures_is_one_and_that_of_bursts_is_more() -> None:
    rng = np.random.default_rng(2)
    n = np.full(400, 200.0)

    _, _, calm = contrast.failure_rate(rng.binomial(200, 0.05, 400), n)
    _, _, bursts = contrast.failure_rate(rng.binomial(20, 0.05, 400) * 10.0, n)

    assert calm < 1.25
    assert bursts > 6.0


def test_one_outage_in_normal_times_does_not_blind() -> None:
    rng = np.random.default_rng(4)
    failed, n = rng.binomial(500, 0.002, 600).astype(float), np.full(600, 500.0)
    failed[100] = 300.0

    assert contrast.failure_rate(failed, n)[2] < 1.5


@given(st.floats(-50, 50), st.integers(1, 20), st.floats(-5, 5), st.floats(0.1, 10))
def test_a_shrunk_level_lies_between_both(before: float, n: int, normal: float, sigma: float) -> None:
    level = contrast.shrunk(before, n, normal, sigma)

    assert min(before, normal) - 1e-9 <= level <= max(before, normal) + 1e-9


def test_a_level_without_a_before_is_the_normal_one() -> None:
    assert contrast.shrunk(math.nan, 0, 3.0, 1.0) == 3.0
    assert contrast.shrunk(8.0, 3, math.nan, 1.0) == 8.0


def test_the_middle_of_series_with_gaps() -> None:
    values = np.array([[1.0, math.nan, 5.0], [3.0, math.nan, math.nan], [2.0, math.nan, 7.0]])

    assert np.allclose(contrast.middle(values), [2.0, math.nan, 6.0], equal_nan=True)
