"""Two samples: scipy's answers, properties, and false alarms under autocorrelation."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.stats.autocorrelation import corrected, inflation, lag_one, variance_inflation
from diagnostics.stats.samples import latency_ratio, median_shift, rank_test

values = st.lists(st.floats(-1e6, 1e6).map(lambda v: round(v, 3)), min_size=2, max_size=30)


def ar1(rng, rho, n):
    noise = rng.normal(size=n) * math.sqrt(1 - rho * rho)
    series = [rng.normal()]
    for e in noise[1:]:
        series.append(rho * series[-1] + e)
    return series


def test_the_rank_test_is_scipys_when_values_are_independent():
    from scipy.stats import mannwhitneyu

    rng = np.random.default_rng(7)
    for n, m in [(25, 30), (40, 22)]:
        x, y = rng.integers(0, 20, n).tolist(), rng.integers(2, 22, m).tolist()
        ours = rank_test(x, y, independent=True)
        assert ours.p_value == pytest.approx(mannwhitneyu(y, x, method="asymptotic").pvalue, rel=1e-9)
        assert ours.u == pytest.approx(mannwhitneyu(y, x).statistic)


def test_small_samples_without_ties_are_tested_exactly():
    # Complete separation of 3 and 3: 2 of C(6, 3) = 20 orders are as extreme
    assert rank_test([1, 2, 3], [4, 5, 6], independent=True).p_value == pytest.approx(0.1)


def test_the_shift_of_a_known_pair():
    # Hodges-Lehmann of {1, 2, 4} against {6, 9}: differences 5 4 2 8 7 5, median 5
    s = median_shift([1, 2, 4], [6, 9])

    assert s.shift == 5.0
    assert s.cliffs_delta == 1.0
    assert s.median_difference == 5.5


@settings(max_examples=50)
@given(values, values, st.integers(-1000, 1000))
def test_moving_a_sample_moves_the_shift(before, after, by):
    first, second = median_shift(before, after), median_shift(before, [v + by for v in after])

    assert second.shift == pytest.approx(first.shift + by, abs=1e-6)
    assert first.low <= first.shift <= first.high
    assert -1.0 <= first.cliffs_delta <= 1.0


@settings(max_examples=50)
@given(values, values)
def test_swapping_the_samples_turns_the_shift_round(before, after):
    one, other = median_shift(before, after), median_shift(after, before)

    assert one.shift == pytest.approx(-other.shift, abs=1e-9)
    assert one.cliffs_delta == pytest.approx(-other.cliffs_delta)
    assert one.p_value == pytest.approx(other.p_value)


def test_equal_values_are_no_difference():
    s = median_shift([5.0] * 30, [5.0] * 30)

    assert (s.shift, s.cliffs_delta, s.p_value) == (0.0, 0.0, 1.0)


def test_long_samples_are_thinned_without_moving_the_answer():
    rng = np.random.default_rng(3)
    x, y = rng.normal(0, 1, 6000), rng.normal(0.5, 1, 6000)

    s = median_shift(x.tolist(), y.tolist())

    assert s.shift == pytest.approx(0.5, abs=0.06)
    assert s.low < 0.5 < s.high


def test_a_latency_ratio_of_doubled_values_is_two():
    rng = np.random.default_rng(4)
    before = rng.lognormal(0, 0.3, 200).tolist()

    r = latency_ratio(before, [2 * v for v in before])

    assert r.ratio == pytest.approx(2.0)
    assert r.low < 2.0 < r.high
    assert r.p_value < 1e-6


@pytest.mark.parametrize("trim", [0.0, 0.2])
def test_the_ratio_is_welchs_and_yuens_test_where_values_are_independent(trim):
    from scipy.stats import ttest_ind

    x, y = [1.0, 2.0, 4.0, 3.0] * 5, [1.5, 2.5, 3.0, 9.0] * 4

    ours = latency_ratio(x, y, trim=trim, independent=True)

    theirs = ttest_ind(np.log(y), np.log(x), equal_var=False, trim=trim)
    interval = theirs.confidence_interval(0.95) if trim == 0.0 else None
    assert ours.p_value == pytest.approx(theirs.pvalue, rel=1e-9)
    if interval is not None:
        assert (math.log(ours.low), math.log(ours.high)) == pytest.approx((interval.low, interval.high))


def test_the_test_of_dependent_values_is_brunner_munzels_but_for_its_inflation():
    # Data and p-value of the pain scores in Brunner and Munzel (2000), Biom. J. 42:17, as in scipy's documentation.
    from scipy.stats import brunnermunzel

    x = [1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 1, 1]
    y = [3, 3, 4, 3, 1, 2, 3, 1, 1, 5, 4]

    ours, theirs = rank_test(x, y), brunnermunzel(x, y)

    assert theirs.pvalue == pytest.approx(0.0057862, abs=1e-6)
    assert ours.effect == pytest.approx(0.7889610)
    assert ours.z * math.sqrt(ours.inflation) == pytest.approx(theirs.statistic, rel=1e-9)


def test_samples_that_are_worth_little_carry_no_verdict():
    short = rank_test([1.0, 2.0, 3.0], [10.0, 11.0, 12.0])
    wave = rank_test([math.sin(i / 20) for i in range(60)], [math.sin(i / 20) + 3 for i in range(60)])

    assert (short.is_conclusive, short.p_value) == (False, 1.0)
    assert (wave.is_conclusive, wave.p_value) == (False, 1.0)


def test_an_autoregression_that_noise_hides_is_still_seen():
    # Correlations 0.14, 0.13, 0.11 ... at lags 1, 2, 3 look like nothing one by one; the mean varies 3.5 times as much.
    rng = np.random.default_rng(8)

    found = [variance_inflation(np.array(ar1(rng, 0.9, 1000)) + 5 * (rng.random(1000) < 0.5)) for _ in range(40)]

    assert np.median(found) > 2.5
    assert np.median([variance_inflation(rng.normal(size=1000)) for _ in range(40)]) < 1.7


@pytest.mark.parametrize("bad", [[1.0, 0.0], [1.0, -2.0], [1.0]])
def test_a_ratio_needs_positive_values(bad):
    with pytest.raises(ValueError, match=r"above zero|at least 2"):
        latency_ratio([1.0, 2.0], bad)


def test_lag_one_of_known_series():
    assert lag_one([1, 2, 3, 4, 5]) == pytest.approx(0.4)
    assert lag_one([3, 3, 3]) == 0.0
    assert inflation(0.5) == pytest.approx(3.0)


def test_the_correction_removes_the_bias_of_short_series():
    rng = np.random.default_rng(11)
    raw, fixed = zip(*((lag_one(s), corrected(s)) for s in (ar1(rng, 0.6, 30) for _ in range(500))), strict=True)

    assert np.mean(raw) < 0.55
    assert np.mean(fixed) == pytest.approx(0.6, abs=0.04)


@pytest.mark.parametrize(("rho", "most"), [(0.0, 0.05), (0.5, 0.06), (0.8, 0.08)])
def test_the_rank_test_seldom_cries_wolf_although_neighbours_resemble_each_other(rho, most):
    rng = np.random.default_rng(5)

    alarms = sum(rank_test(ar1(rng, rho, 80), ar1(rng, rho, 80)).p_value < 0.05 for _ in range(400))

    assert alarms / 400 <= most + 0.02  # two standard errors of the simulation


def test_the_rank_test_sees_a_real_shift():
    rng = np.random.default_rng(6)

    seen = sum(rank_test(ar1(rng, 0.3, 80), [v + 1 for v in ar1(rng, 0.3, 80)]).p_value < 0.05 for _ in range(100))

    assert seen >= 90
