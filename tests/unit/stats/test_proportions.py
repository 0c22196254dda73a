"""Rates: known answers from the literature, properties, and how often the intervals miss."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.stats.proportions import difference, fisher_exact, trials_for, wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    # Newcombe (1998), Statistics in Medicine 17:857, table I, method 3
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_newcombes_published_intervals(successes, n, low, high):
    rate = wilson(successes, n)

    assert (round(rate.low, 4), round(rate.high, 4)) == (low, high)


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_wilson_agrees_with_scipy(confidence):
    from scipy.stats import binomtest

    for successes, n in [(0, 1), (1, 1), (3, 10), (97, 100), (500, 1000)]:
        ours = wilson(successes, n, confidence)
        theirs = binomtest(successes, n).proportion_ci(confidence, method="wilson")
        assert ours.low == pytest.approx(theirs.low, abs=1e-12)
        assert ours.high == pytest.approx(theirs.high, abs=1e-12)


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.floats(0.5, 0.9999))
def test_the_interval_holds_the_observed_rate_and_stays_within_zero_and_one(successes, n, confidence):
    successes = min(successes, n)

    rate = wilson(successes, n, confidence)

    assert 0.0 <= rate.low <= rate.rate <= rate.high <= 1.0


@given(st.integers(0, 200), st.integers(1, 200))
def test_failures_mirror_successes(successes, n):
    successes = min(successes, n)

    one, other = wilson(successes, n), wilson(n - successes, n)

    assert one.low == pytest.approx(1 - other.high, abs=1e-12)


def test_without_trials_everything_is_possible():
    rate = wilson(0, 0)

    assert (rate.low, rate.high) == (0.0, 1.0)
    assert math.isnan(rate.rate)


@pytest.mark.parametrize(("successes", "n", "confidence"), [(2, 1, 0.95), (-1, 5, 0.95), (1, 5, 1.0), (1, 5, 0.0)])
def test_impossible_counts_and_confidences_are_refused(successes, n, confidence):
    with pytest.raises(ValueError, match=r"no count|confidence"):
        wilson(successes, n, confidence)


def test_difference_gives_newcombes_published_interval():
    # Newcombe (1998), Statistics in Medicine 17:873, table II, example (a), method 10: 56/70 - 48/80
    d = difference(48, 80, 56, 70)

    assert d.difference == pytest.approx(0.2)
    assert (round(d.low, 4), round(d.high, 4)) == (0.0524, 0.3339)


def test_fisher_gives_the_lady_tasting_tea():
    # Fisher (1935): 3 of 4 cups right on both sides, two-sided p = 34/70
    assert fisher_exact(3, 4, 1, 4) == pytest.approx(34 / 70)


@given(st.integers(1, 60), st.integers(1, 60), st.data())
def test_a_difference_and_its_interval_agree_with_the_rates(n, m, data):
    a, b = data.draw(st.integers(0, n)), data.draw(st.integers(0, m))

    d = difference(a, n, b, m)

    assert -1.0 <= d.low <= d.difference <= d.high <= 1.0
    assert 0.0 <= d.p_value <= 1.0


@pytest.mark.parametrize("required", [0.5, 0.9, 0.95, 0.99])
def test_trials_for_is_the_smallest_number_that_suffices(required):
    n = trials_for(required)

    assert wilson(n, n).low >= required > wilson(n - 1, n - 1).low


def test_ninety_five_percent_intervals_hold_the_truth_about_ninety_five_percent_of_the_time():
    # Exact coverage, averaged over rates; Brown, Cai, DasGupta (2001): the mean is near nominal for n = 50.
    from scipy.stats import binom

    n = 50
    intervals = [wilson(k, n) for k in range(n + 1)]
    rates = [i / 100 for i in range(5, 96)]
    coverage = [
        sum(binom.pmf(k, n, p) for k in range(n + 1) if intervals[k].low <= p <= intervals[k].high) for p in rates
    ]

    assert 0.94 < sum(coverage) / len(coverage) < 0.96
    assert min(coverage) > 0.91
