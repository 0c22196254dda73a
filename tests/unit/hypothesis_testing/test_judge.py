"""From conditions to a verdict."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.hypothesis_testing.judge import Prediction, judge, predictions
from diagnostics.model.hypothesis import Verdict

S, R, OPEN = Verdict.SUPPORTED, Verdict.REFUTED, Verdict.INCONCLUSIVE


def once(*answers, if_false=0.3):
    conditions = [(f"c{i}", "", if_false) for i in range(len(answers))]
    return predictions(conditions, [[a] for a in answers])


@pytest.mark.parametrize(
    ("answers", "required", "verdict"),
    [
        ([True], 1.0, S),
        ([False], 1.0, R),
        ([None], 1.0, OPEN),
        ([], 1.0, OPEN),
        ([True, None], 1.0, OPEN),
        ([False, None], 1.0, R),  # whatever the other would show
        ([True, True, False], 0.6, S),
        ([True, False, False], 0.6, R),
        ([True, False, None], 0.6, OPEN),
        ([True, True, None], 0.6, S),  # reached already
        ([True, True, True, False, False], 0.6, S),
    ],
)
def test_looked_at_once_the_rate_is_a_count(answers, required, verdict):
    assert judge(once(*answers), required, 0.5).verdict is verdict


def repeated(successes, trials, repetitions=None):
    return [Prediction(name="p", trials=trials, successes=successes, repetitions=repetitions or trials, if_false=0.3)]


@pytest.mark.parametrize(
    ("successes", "trials", "required", "verdict"),
    [
        (10, 10, 1.0, S),
        (9, 10, 1.0, R),
        (95, 100, 0.9, OPEN),  # 95 % observed, but 89 % is possible
        (98, 100, 0.9, S),
        (70, 100, 0.9, R),
        (3, 4, 0.8, OPEN),
        (0, 10, 0.5, R),
    ],
)
def test_repeated_the_rate_is_an_estimate(successes, trials, required, verdict):
    assert judge(repeated(successes, trials), required, 0.5).verdict is verdict


def test_repetitions_that_could_not_be_tested_are_never_counted_as_observed():
    assert judge(repeated(8, 8, repetitions=10), 1.0, 0.5).verdict is OPEN
    assert judge(repeated(8, 8, repetitions=10), 0.5, 0.5).verdict is OPEN


def test_one_of_a_group_is_enough_and_all_must_be_missing_to_refute():
    conditions = [("cpu", "resource", 0.05), ("disk", "resource", 0.05)]

    assert judge(predictions(conditions, [[False], [True]]), 1.0, 0.5).verdict is S
    assert judge(predictions(conditions, [[None], [True]]), 1.0, 0.5).verdict is S
    assert judge(predictions(conditions, [[False], [None]]), 1.0, 0.5).verdict is OPEN
    assert judge(predictions(conditions, [[False], [False]]), 1.0, 0.5).verdict is R


answers = st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=8)
rates = st.floats(0.05, 1.0)


@given(answers, rates)
def test_what_could_not_be_tested_can_only_settle_what_was_open(seen, required):
    before = judge(once(*seen), required, 0.5).verdict
    for answer in (True, False):
        after = judge(once(*[answer if s is None else s for s in seen]), required, 0.5).verdict

        if before is not OPEN:
            assert after is before


@given(answers, rates)
def test_one_more_observation_never_turns_a_verdict_against_the_hypothesis(seen, required):
    order = {R: 0, OPEN: 1, S: 2}
    for i, s in enumerate(seen):
        if s is not True:
            better = [*seen[:i], True, *seen[i + 1 :]]
            one, other = judge(once(*seen), required, 0.5), judge(once(*better), required, 0.5)
            assert order[other.verdict] >= order[one.verdict]
            assert other.posterior >= one.posterior - 1e-12


@given(answers, st.floats(0.05, 0.95))
def test_the_posterior_rises_with_what_was_observed_and_stays_a_probability(seen, prior):
    result = judge(once(*seen), 1.0, prior)

    assert 0.0 < result.posterior < 1.0
    if all(s is True for s in seen):
        assert result.posterior > prior
    if all(s is False for s in seen):
        assert result.posterior < prior
    if all(s is None for s in seen):
        assert result.posterior == prior


def test_a_telling_sign_convinces_more_than_a_common_one():
    assert judge(once(True, if_false=0.02), 1.0, 0.5).posterior > 0.95
    assert judge(once(True, if_false=0.8), 1.0, 0.5).posterior < 0.6


def test_repeating_one_look_does_not_multiply_its_evidence():
    one = judge(repeated(1, 1), 1.0, 0.5).posterior

    assert judge(repeated(50, 50), 1.0, 0.5).posterior == pytest.approx(one)
