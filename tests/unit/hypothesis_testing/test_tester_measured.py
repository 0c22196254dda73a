"""Measurements as conditions, falsifiers, and looking until it is settled."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.errors import ConfigurationError
from diagnostics.hypothesis_testing import Hypothesis, HypothesisTester, TestCondition, Verdict, compared
from diagnostics.hypothesis_testing.judge import Prediction, falsifier, judge
from diagnostics.testing import FakeClock


def latencies(seed, scale=1.0, n=200):
    return (np.random.default_rng(seed).lognormal(-1.0, 0.4, n) * scale).tolist()


def test_measurements_are_compared_and_corrected_for_their_number():
    conditions = [
        compared(f"endpoint {i} is slower", latencies(i), latencies(50 + i), kind="latency") for i in range(19)
    ]
    slower = compared("checkout is slower", lambda: latencies(1), lambda: latencies(2, 1.5), kind="latency")

    result = HypothesisTester().test_hypothesis("release_slowed_checkout", [slower, *conditions], 0.05)

    first = result.conditions[0]
    assert (first.passed, first.tests) == (True, 20)
    assert first.p_value < 0.01
    assert "worse: +" in first.actual
    # What a comparison cannot tell was not tested; it is neither a pass nor a failure.
    assert {c.passed for c in result.conditions[1:]} <= {None, False}
    assert all(c.error.startswith("inconclusive") for c in result.conditions[1:] if c.passed is None)


def test_not_worse_can_be_a_prediction():
    same = compared(
        "nothing got slower", latencies(1), latencies(2), kind="latency", expect="not_worse", smallest_effect=0.3
    )

    assert HypothesisTester().test_hypothesis("harmless", [same]).verdict is Verdict.SUPPORTED


def test_a_falsifier_that_is_not_observed_leaves_the_verdict_to_the_predictions_and_raises_the_posterior():
    plain = HypothesisTester().test_hypothesis("h", [TestCondition("a", lambda: 1, 1)])
    risky = HypothesisTester().test_hypothesis(
        "h", [TestCondition("a", lambda: 1, 1), TestCondition("x", lambda: 1, 2, refutes=True, if_false=0.5)]
    )

    assert plain.verdict is risky.verdict is Verdict.SUPPORTED
    assert risky.posterior > plain.posterior
    assert risky.success_rate == plain.success_rate == 1.0


def test_an_observed_falsifier_refutes_and_lowers_the_posterior():
    result = HypothesisTester().test_hypothesis(
        "h", [TestCondition("a", lambda: 1, 1), TestCondition("x", lambda: 2, 2, refutes=True)]
    )

    assert result.verdict is Verdict.REFUTED
    assert result.posterior <= result.prior
    assert result.conclusion == "Refuted: what excludes it was observed: 'x': 2."


def test_a_falsifier_that_nobody_could_look_at_is_said():
    def broken():
        raise PermissionError("no")

    result = HypothesisTester().test_hypothesis(
        "h", [TestCondition("a", lambda: 1, 1), TestCondition("x", broken, 2, refutes=True)]
    )

    assert result.verdict is Verdict.SUPPORTED
    assert "nobody could look whether 'x'" in result.conclusion


def test_looking_until_settled_refutes_at_the_first_miss_and_supports_from_the_fifth_look():
    clock = FakeClock()
    tester = HypothesisTester(clock=clock)
    answers = itertools.chain([1, 1, 2], itertools.repeat(1))

    missed = tester.test_hypothesis(
        "h", [TestCondition("a", lambda: next(answers), 1)], 1.0, None, interval_seconds=2.0
    )
    held = tester.test_hypothesis("h", [TestCondition("a", lambda: 1, 1)], 1.0, None)

    assert (missed.verdict, missed.repetitions) == (Verdict.REFUTED, 3)
    assert (held.verdict, held.repetitions) == (Verdict.SUPPORTED, 5)


def test_a_rate_is_settled_by_an_interval_that_holds_at_every_look():
    rng = np.random.default_rng(3)
    often = HypothesisTester().test_hypothesis(
        "h", [TestCondition("a", lambda: rng.random() < 0.97, None, "is_true")], 0.5, None
    )
    seldom = HypothesisTester().test_hypothesis(
        "h", [TestCondition("a", lambda: rng.random() < 0.1, None, "is_true")], 0.5, None
    )

    assert (often.verdict, seldom.verdict) == (Verdict.SUPPORTED, Verdict.REFUTED)
    assert often.success_rate_low >= 0.5
    assert 5 < often.repetitions < 60


def test_the_deadline_of_all_leaves_the_rest_untested():
    clock = FakeClock()

    def slow():
        clock.advance(4.0)
        return 1

    result = HypothesisTester(clock=clock).test_hypothesis(
        "h", [TestCondition(n, slow, 1) for n in "abc"], deadline_seconds=7.0
    )

    assert [c.passed for c in result.conditions] == [True, True, None]
    assert result.verdict is Verdict.INCONCLUSIVE
    assert result.conditions[2].error == "the time for the whole test was over"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Hypothesis(name=" ", conditions=(TestCondition("a", int, 0),)), "needs a name"),
        (lambda: Hypothesis(name="h", conditions=(TestCondition("a", int, 0, refutes=True),)), "predicts nothing"),
        (lambda: TestCondition("a", int, "maybe", "verdict"), "needs one of worse"),
        (lambda: TestCondition("a", int, 0, refutes=True, any_of="g"), "no group"),
        (lambda: HypothesisTester().test_hypothesis("h", [], interval_seconds=-1.0), "not negative"),
        (lambda: HypothesisTester().test_hypothesis("h", [], deadline_seconds=0.0), "above 0"),
    ],
)
def test_what_makes_no_sense_is_refused(make, message):
    with pytest.raises(ConfigurationError, match=message):
        make()


@settings(max_examples=60)
@given(
    st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=8),
    st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=8),
    st.floats(0.05, 0.95),
)
def test_a_falsifier_never_helps_a_hypothesis_that_it_was_observed_against(seen, excluded, prior):
    tested = [s for s in seen if s is not None]
    made = [Prediction(name="p", trials=len(tested), successes=sum(tested), repetitions=len(seen), if_false=0.3)]

    without = judge(made, 1.0, prior)
    with_it = judge(made, 1.0, prior, falsifiers=[falsifier("x", 0.3, excluded)])

    if True in excluded:
        assert with_it.verdict is Verdict.REFUTED
        assert with_it.posterior <= prior
    else:
        assert with_it.verdict is without.verdict
        assert with_it.posterior >= without.posterior - 1e-12
