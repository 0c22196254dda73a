"""The front door: which test is chosen and why, what is assumed, and that little data never passes."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.stats.comparison import Kind, compare
from diagnostics.stats.counts import count_change, rate_change
from diagnostics.stats.power import trials_for_rates, values_for_difference, values_for_ratio
from diagnostics.stats.sequential import Direction
from diagnostics.stats.verdicts import together

SETTLED = (Direction.WORSE, Direction.BETTER, Direction.NOT_WORSE)


def lognormal(seed, n, scale=1.0):
    return (np.random.default_rng(seed).lognormal(-1.0, 0.4, n) * scale).tolist()


def named(found, name):
    return next(a for a in found.assumptions if a.name == name)


@pytest.mark.parametrize(
    ("make", "kind", "test"),
    [
        (lambda r, n: r.lognormal(0, 0.5, n), "latency", "Yuen's trimmed t-test on logarithms"),
        (lambda r, n: r.normal(10, 1, n), "gauge", "Yuen's trimmed t-test"),
        (lambda r, n: r.standard_t(1.5, n), "gauge", "Brunner-Munzel rank test"),
        (lambda r, n: r.normal(0, 0.2, n) + 5 * (r.random(n) < 0.5), "gauge", "Brunner-Munzel rank test"),
        (lambda r, n: r.integers(0, 2, n).astype(float), "gauge", "Brunner-Munzel rank test"),
        (lambda r, n: r.poisson(5, n), "count", "conditional test of two Poisson rates"),
        (lambda r, n: r.random(n) < 0.3, "rate", "score test of two rates"),
        (lambda r, n: r.random(n) < 0.001, "rate", "Fisher's exact test"),
    ],
)
def test_the_test_follows_the_kind_and_the_shape_of_the_data(make, kind, test):
    rng = np.random.default_rng(1)

    found = compare(make(rng, 300).tolist(), make(rng, 300).tolist(), kind=kind)

    assert found.test.startswith(test)
    assert "nothing else changed" in {a.name for a in found.assumptions}


def test_broken_assumptions_are_named_with_what_was_seen():
    rng = np.random.default_rng(2)
    wave = np.convolve(rng.standard_t(2, 460), np.ones(10) / 10, "valid")[:440]

    found = compare(wave[:200].tolist(), wave[200:].tolist())

    assert named(found, "neighbours are independent").holds is False
    assert "inflated" in named(found, "neighbours are independent").detail
    assert found.inflation > 3
    assert found.n_effective < 440 / 3


def test_a_slowdown_is_worse_with_its_ratio_and_interval():
    found = compare(lognormal(3, 300), lognormal(4, 300, 1.5), kind="latency", smallest_effect=0.1)

    assert found.verdict is Direction.WORSE
    assert found.low < 1.5 < found.high
    assert 0.4 < found.power < 0.8  # to see the 10 % that matter
    assert "worse: +" in found.reason


def test_faster_is_better_and_worse_where_more_is_good():
    before, after = lognormal(5, 300), lognormal(6, 300, 0.6)

    assert compare(before, after, kind=Kind.LATENCY).verdict is Direction.BETTER
    assert compare(before, after, kind=Kind.LATENCY, higher_is_worse=False).verdict is Direction.WORSE


def test_a_difference_that_is_sure_but_small_is_not_worse():
    rng = np.random.default_rng(7)

    found = compare(
        rng.normal(100, 1, 4000).tolist(), rng.normal(100.2, 1, 4000).tolist(), kind="gauge", smallest_effect=1.0
    )

    assert found.p_value < 0.001
    assert found.verdict is Direction.NOT_WORSE


def test_no_difference_without_a_limit_that_matters_is_inconclusive_and_says_what_would_have_been_seen():
    found = compare(lognormal(8, 200), lognormal(9, 200), kind="latency")

    assert found.verdict is Direction.INCONCLUSIVE
    assert 0.0 < found.detectable < 0.5
    assert "would have been seen with 80 % power" in found.reason


@pytest.mark.parametrize("kind", ["latency", "gauge", "count", "rate", "tail"])
@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_too_little_is_inconclusive_never_a_pass(kind, n):
    found = compare([1] * 40, [1] * n, kind=kind, smallest_effect=0.1)

    assert found.verdict is Direction.INCONCLUSIVE
    assert found.reason.startswith("inconclusive")


def test_a_baseline_that_moves_allows_no_verdict_but_with_a_control_it_does():
    rng = np.random.default_rng(10)
    day = np.sin(np.arange(400) / 400 * 2 * np.pi) * 3
    control = day + rng.normal(0, 0.3, 400)
    service = day + rng.normal(0, 0.3, 400)
    service[200:] += 1.0

    alone = compare(service[:200].tolist(), service[200:].tolist())
    beside = compare(
        service[:200].tolist(),
        service[200:].tolist(),
        control=(control[:200].tolist(), control[200:].tolist()),
        smallest_effect=0.2,
    )

    assert alone.verdict is Direction.INCONCLUSIVE
    assert beside.verdict is Direction.WORSE
    assert beside.low < 1.0 < beside.high
    assert named(beside, "nothing else changed").holds is True
    assert named(alone, "nothing else changed").holds is None


def test_totals_say_that_bursts_cannot_be_seen_in_them():
    found = compare((20, 1000), (60, 1000), kind="rate")

    assert found.verdict is Direction.WORSE
    assert named(found, "events do not come in bursts").holds is None
    assert found.effect == pytest.approx(0.04)


def test_bursts_are_counted_as_fewer():
    rng = np.random.default_rng(11)
    apart = rng.permutation([1] * 60 + [0] * 1940)
    bursts = [0] * 2000
    for start in (150, 700, 1300):
        bursts[start : start + 20] = [1] * 20
    after = rng.random(2000) < 0.05

    loose, tight = (compare(list(map(int, b)), after.tolist(), kind="rate") for b in (apart, bursts))

    assert tight.inflation > 3 * loose.inflation
    assert loose.verdict is Direction.WORSE
    assert tight.verdict is Direction.INCONCLUSIVE


def test_a_tail_is_seen_where_the_middle_stays():
    rng = np.random.default_rng(12)
    before, after = rng.lognormal(0, 0.3, 2000), rng.lognormal(0, 0.3, 2000)
    after[rng.random(2000) < 0.1] *= 8

    found = compare(before.tolist(), after.tolist(), kind="tail", smallest_effect=0.02)

    assert found.verdict is Direction.WORSE
    assert found.effect == pytest.approx(0.1, abs=0.04)


@pytest.mark.parametrize(
    ("kind", "make", "scale"),
    [
        ("latency", lambda r, n: r.lognormal(0, 0.4, n), 1.6),
        ("gauge", lambda r, n: r.normal(10, 1, n), None),
        ("count", lambda r, n: r.poisson(6, n), None),
        ("rate", lambda r, n: r.random(n) < 0.1, None),
    ],
)
def test_every_kind_can_be_watched(kind, make, scale):
    rng = np.random.default_rng(13)
    before, same = make(rng, 2000), make(rng, 2000)
    worse = {
        "latency": lambda: same * 1.6,
        "gauge": lambda: same + 1.0,
        "count": lambda: same * 2,
        "rate": lambda: rng.random(2000) < 0.25,
    }[kind]()
    smallest = 0.1 if kind != "gauge" else 0.5

    quiet = compare(before.tolist(), same.tolist(), kind=kind, horizon=2000, smallest_effect=smallest)
    loud = compare(before.tolist(), worse.tolist(), kind=kind, horizon=2000, smallest_effect=smallest)

    assert quiet.watched
    assert quiet.verdict not in (Direction.WORSE, Direction.BETTER)
    assert loud.verdict is Direction.WORSE
    assert loud.low < loud.effect < loud.high


def test_many_together_are_corrected_and_their_number_is_reported():
    rng = np.random.default_rng(14)
    quiet = [compare(rng.normal(0, 1, 100).tolist(), rng.normal(0, 1, 100).tolist()) for _ in range(40)]
    loud = compare(rng.normal(0, 1, 100).tolist(), rng.normal(1, 1, 100).tolist())
    border = compare([float(i % 10) for i in range(100)], [i % 10 + 0.9 for i in range(100)])

    family = together([*quiet, loud, border])

    assert family.tests == 42
    assert loud.p_value < family.results[40].adjusted_p < 0.05
    assert family.results[40].verdict is Direction.WORSE
    assert all(r.tests == 42 for r in family.results)
    assert "42 tests together" in family.reason
    assert len(family.changed) <= 2
    with pytest.raises(ValueError, match="method is one of"):
        together(quiet, "none")


def test_what_the_correction_takes_away_is_inconclusive_and_says_so():
    alone = compare((20, 1000), (38, 1000), kind="rate")
    nothing = compare((20, 1000), (20, 1000), kind="rate")

    corrected = together([alone, *[nothing] * 9]).results[0]

    assert alone.verdict is Direction.WORSE
    assert corrected.verdict is Direction.INCONCLUSIVE
    assert "among 10 tests" in corrected.reason


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: compare([1.0], [1.0], kind="speed"), "kind is one of"),
        (lambda: compare([1.0, 0.0], [1.0, 1.0], kind="latency"), "above zero"),
        (lambda: compare([1.5] * 9, [1] * 9, kind="count"), "whole number"),
        (lambda: compare([2] * 9, [1] * 9, kind="rate"), "True and False"),
        (lambda: compare([1.0] * 9, [1.0] * 9, smallest_effect=0.0), "above 0"),
        (lambda: compare([1.0] * 9, [1.0] * 9, alpha=1.0), "alpha"),
        (lambda: compare([1.0] * 9, [1.0] * 9, horizon=10), "needs the smallest effect"),
        (lambda: compare([1.0] * 9, [1.0] * 9, control=([1.0], [1.0])), "same moments"),
        (lambda: compare([1] * 9, [1] * 9, kind="count", control=([1.0], [1.0])), "latencies and gauges"),
    ],
)
def test_what_does_not_fit_is_refused_with_words(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.floats(-100, 100), min_size=20, max_size=40), st.lists(st.floats(-100, 100), min_size=20, max_size=40)
)
def test_swapping_before_and_after_turns_the_difference_round(before, after):
    one, other = compare(before, after), compare(after, before)

    assert one.effect == pytest.approx(-other.effect, abs=1e-6)
    assert one.p_value == pytest.approx(other.p_value, abs=1e-9)
    assert one.low <= one.high
    if one.verdict in SETTLED:
        assert named(one, "enough data").holds


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 60), st.integers(1, 60), st.integers(0, 60), st.integers(1, 60))
def test_rates_agree_with_their_interval(k, n, j, m):
    r = rate_change([(min(k, n), n)], [(min(j, m), m)])

    assert -1 <= r.low <= r.effect <= r.high <= 1
    assert 0 <= r.p_value <= 1


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=40), st.lists(st.integers(0, 9), min_size=1, max_size=40))
def test_a_ratio_of_counts_lies_within_its_interval(before, after):
    r = count_change(before, after)

    assert 0 <= r.low <= r.effect <= r.high


def test_breast_cancer_cases_and_years_of_risk_give_the_published_ratio():
    # Rothman and Greenland (1998), Modern Epidemiology, p. 238, as in R's poisson.test help page: 41 cases in 28,010
    # person-years against 15 in 19,017; ratio 1.856, exact 95 % interval 1.001 to 3.613 (2-sided p about 0.05).
    r = count_change([15], [41])

    scale = 19017 / 28010
    assert r.effect * scale == pytest.approx(1.855759, abs=1e-5)
    # One interval a side: the share of time is a half here, so the ends are compared on the binomial scale.
    from scipy.stats import binomtest

    exact = binomtest(41, 56).proportion_ci(0.95, method="exact")
    assert r.low == pytest.approx(exact.low / (1 - exact.low), rel=1e-9)
    assert r.high == pytest.approx(exact.high / (1 - exact.high), rel=1e-9)
    published = tuple(x * scale for x in (r.low, r.high))
    assert published == pytest.approx((1.001264, 3.612838), abs=2e-2)


def test_sample_sizes_are_those_of_the_textbooks():
    # Chow, Shao, Wang (2008), 3.2.4: difference 0.05 and deviation 0.1, 80 % power at 5 %: 63 a side (half an SD).
    assert values_for_difference(0.05, 0.1) == 63
    # Fleiss, Levin, Paik (2003), table A.3: P1 = 0.6 against P2 = 0.7, 80 % at 5 % without correction: 356.
    assert trials_for_rates(0.6, 0.7) == 356
    assert values_for_ratio(0.1, 0.5, rho=0.5) == pytest.approx(3 * values_for_ratio(0.1, 0.5), abs=3)


def test_sample_sizes_are_statsmodels():
    power = pytest.importorskip("statsmodels.stats.power")

    theirs = power.NormalIndPower().solve_power(0.3, alpha=0.05, power=0.9)

    assert values_for_difference(0.3, 1.0, power=0.9) == math.ceil(theirs)


@pytest.mark.parametrize("bad", [(0.0, 1.0), (1.0, 0.0)])
def test_sizes_of_nothing_are_refused(bad):
    with pytest.raises(ValueError, match="effect"):
        values_for_difference(*bad)
