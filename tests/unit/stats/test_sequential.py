"""Sequential verdicts: known answers, properties, and error rates with a look after every bucket."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.stats.proportions import wilson
from diagnostics.stats.sequential import Direction, compare, posterior, stabilised, watched_rate


def ar1(rng, rho, n):
    noise = rng.normal(size=n) * math.sqrt(1 - rho * rho)
    series = [float(rng.normal())]
    for e in noise[1:]:
        series.append(rho * series[-1] + float(e))
    return series


def test_the_confidence_sequence_solves_its_own_equation():
    # At the ends the mixture likelihood ratio B(a+s, b+f) / B(a, b) / (p^s (1-p)^f) is 1 / alpha.
    from scipy.special import betaln

    r = watched_rate(30, 50)
    for p in (r.low, r.high):
        log_ratio = betaln(30.5, 20.5) - betaln(0.5, 0.5) - 30 * math.log(p) - 20 * math.log(1 - p)
        assert log_ratio == pytest.approx(math.log(20), abs=1e-6)


@given(st.integers(0, 2000), st.integers(1, 2000))
def test_watching_costs_width_but_the_interval_holds_the_rate(successes, n):
    successes = min(successes, n)

    watched, fixed = watched_rate(successes, n), wilson(successes, n)

    assert 0 <= watched.low <= watched.rate <= watched.high <= 1
    assert watched.high - watched.low >= fixed.high - fixed.low - 1e-9


def test_the_truth_seldom_ever_leaves_the_confidence_sequence():
    rng = np.random.default_rng(1)
    left = 0
    for _ in range(200):
        s = 0
        for n, hit in enumerate(rng.random(300) < 0.7, start=1):
            s += int(hit)
            if n % 5 == 0:
                r = watched_rate(s, n)
                if not r.low <= 0.7 <= r.high:
                    left += 1
                    break
    assert left / 200 <= 0.05


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_a_comparison_that_is_read_at_every_bucket_seldom_cries_wolf(rho):
    rng = np.random.default_rng(2)
    alarms = 0
    for _ in range(300):
        x = ar1(rng, rho, 300)
        verdict = compare(x[:100], x[100:], horizon=200, smallest_effect=0.5).direction
        alarms += verdict in (Direction.WORSE, Direction.BETTER)

    assert alarms / 300 <= 0.05


def test_a_real_regression_is_found_early_and_called_worse():
    rng = np.random.default_rng(3)
    early = 0
    for _ in range(50):
        r = compare(ar1(rng, 0.2, 60), [v + 2 for v in ar1(rng, 0.2, 200)], horizon=200, smallest_effect=1.0)
        assert r.direction is Direction.WORSE
        assert r.effect > 0
        early += r.decided_at < 50
    assert early >= 45


def test_the_same_difference_is_better_where_less_is_worse():
    rng = np.random.default_rng(3)
    x, y = ar1(rng, 0.0, 60), [v + 3 for v in ar1(rng, 0.0, 60)]

    assert compare(x, y, horizon=60, smallest_effect=1.0, higher_is_worse=False).direction is Direction.BETTER


def test_not_worse_can_be_concluded_and_is_seldom_wrong():
    rng = np.random.default_rng(4)
    right = wrong = 0
    for _ in range(200):
        x = ar1(rng, 0.0, 60)
        right += (
            compare(x, ar1(rng, 0.0, 120), horizon=120, smallest_effect=1.0, margin=1.0).direction
            is Direction.NOT_WORSE
        )
        shifted = [v + 1.0 for v in ar1(rng, 0.0, 120)]
        wrong += compare(x, shifted, horizon=120, smallest_effect=1.0, margin=1.0).direction is Direction.NOT_WORSE
    assert right >= 190
    assert wrong / 200 <= 0.04


@pytest.mark.parametrize(
    ("before", "after"), [([1.0] * 10, [1.0] * 10), ([1.0] * 40, [2.0] * 10), ([1.0, 2.0] * 20, [])]
)
def test_too_little_data_is_inconclusive_never_a_pass(before, after):
    r = compare(before, after, horizon=20, smallest_effect=0.5, margin=5.0)

    assert r.direction is Direction.INCONCLUSIVE
    assert r.decided_at is None
    assert r.reason


def test_counts_are_compared_on_a_scale_of_unit_variance():
    rng = np.random.default_rng(5)

    for mean in (4, 40):
        assert np.var(stabilised(rng.poisson(mean, 20_000).tolist())) == pytest.approx(1.0, abs=0.06)


@given(st.floats(-50, 50), st.floats(0.01, 0.99))
def test_the_posterior_is_bayes_rule(log_bayes, prior):
    odds = prior / (1 - prior) * math.exp(log_bayes)

    assert posterior(log_bayes, prior) == pytest.approx(odds / (1 + odds), rel=1e-9)


def test_a_regression_that_sets_in_late_is_not_taken_for_a_wave():
    rng = np.random.default_rng(6)

    found = [
        compare(
            ar1(rng, 0.3, 80),
            [*ar1(rng, 0.3, 60), *(v + 2.5 for v in ar1(rng, 0.3, 90))],
            horizon=150,
            smallest_effect=1.0,
        )
        for _ in range(40)
    ]

    assert sum(r.direction is Direction.WORSE for r in found) >= 32


def test_a_baseline_whose_halves_differ_allows_no_verdict():
    rng = np.random.default_rng(7)
    moved = [*ar1(rng, 0.0, 40), *(v + 3 for v in ar1(rng, 0.0, 40))]

    r = compare(moved, [v + 9 for v in ar1(rng, 0.0, 60)], horizon=60, smallest_effect=1.0)

    assert r.direction is Direction.INCONCLUSIVE
    assert "halves differ" in r.reason or "so alike" in r.reason


def test_what_comes_after_the_horizon_is_not_read():
    rng = np.random.default_rng(8)
    x, y = ar1(rng, 0.0, 60), [*ar1(rng, 0.0, 50), *(v + 50 for v in ar1(rng, 0.0, 50))]

    assert compare(x, y, horizon=50, smallest_effect=1.0) == compare(x, y[:50], horizon=50, smallest_effect=1.0)


def test_one_wild_bucket_neither_decides_nor_hides_a_regression():
    rng = np.random.default_rng(9)
    x, same = ar1(rng, 0.0, 80), ar1(rng, 0.0, 80)

    wild = compare(x, [*same[:10], 1e6, *same[10:]], horizon=81, smallest_effect=0.5)
    hidden = compare([*x[:10], -1e6, *x[10:]], [v + 2 for v in same], horizon=80, smallest_effect=0.5)

    assert wild.direction is Direction.INCONCLUSIVE
    assert hidden.direction is Direction.WORSE
