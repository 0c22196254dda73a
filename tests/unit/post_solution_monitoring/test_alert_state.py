"""The life of an alert, as a loop."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.model.alert import AlertChange, AlertPhase, AlertRule, AlertState
from diagnostics.post_solution_monitoring.alerts import announce, step
from diagnostics.post_solution_monitoring.alerts.state import MOST_GOOD, bad_needed

RULE = AlertRule()
RULES = st.builds(
    lambda window, bad, good, settle: AlertRule(
        bad_to_fire=min(bad, window), window=window, good_to_resolve=good, settle_after=settle
    ),
    st.integers(1, 6),
    st.integers(1, 6),
    st.integers(1, 6),
    st.integers(1, 40),
)
OPENING = {AlertChange.FIRED, AlertChange.FLAPPING}


def life(results, rule=RULE, silenced=None):
    """Return the changes that people are told, each with the number of its result."""
    state, announced, told = AlertState(), AlertPhase.OK, []
    for index, bad in enumerate(results):
        state = step(state, rule, bad=bad)
        quiet = bool(silenced[index]) if silenced else False
        announced, change = announce(state, announced, silenced=quiet)
        if change is not None:
            told.append((index, change))
    return state, told


def bads(text):
    return [letter == "x" for letter in text]


@given(st.integers(0, 50), st.integers(0, 50))
def test_one_bad_result_wakes_nobody(before, after):
    _, told = life([False] * before + [True] + [False] * after)
    assert told == []


def test_two_bad_results_in_five_wake_nobody():
    assert life(bads("x.x......x...x"))[1] == []


@pytest.mark.parametrize("results", ["xxx", "xx.x", "x.x.x", "..xx.x", "x..xx"])
def test_three_bad_of_the_last_five_fire(results):
    state, told = life(bads(results))
    assert told == [(len(results) - 1, AlertChange.FIRED)]
    assert state.phase is AlertPhase.FIRING


def test_three_bad_of_the_last_six_do_not():
    assert life(bads("x..x.x"))[1] == []


def test_it_takes_five_good_results_in_a_row_to_resolve():
    state, told = life(bads("xxx....x....."))
    assert told == [(2, AlertChange.FIRED), (12, AlertChange.RESOLVED)]
    assert state.phase is AlertPhase.OK


def test_while_it_recovers_the_phase_says_so():
    assert life(bads("xxx.."))[0].phase is AlertPhase.RESOLVING
    assert life(bads("x"))[0].phase is AlertPhase.PENDING


def test_what_was_bad_before_a_quick_recovery_does_not_help_to_fire_again():
    rule = AlertRule(bad_to_fire=3, window=5, good_to_resolve=1)
    assert [change for _, change in life(bads("xxx.x"), rule)[1]] == [AlertChange.FIRED, AlertChange.RESOLVED]


def test_an_outage_of_thirty_minutes_is_found_within_three_checks():
    results = [False] * 100 + [True] * 30 + [False] * 100
    assert life(results)[1] == [(102, AlertChange.FIRED), (134, AlertChange.RESOLVED)]


def test_the_third_firing_within_sixty_checks_is_flapping_then_silence_then_the_settled_state():
    up_and_down = bads("xxx.....") * 6
    state, told = life(up_and_down + [False] * 40)

    changes = [change for _, change in told]
    assert changes == [
        AlertChange.FIRED, AlertChange.RESOLVED, AlertChange.FIRED, AlertChange.RESOLVED,
        AlertChange.FLAPPING, AlertChange.RESOLVED,
    ]  # fmt: skip
    assert state.phase is AlertPhase.OK
    assert told[-1][0] == len(up_and_down) - 1 + 30


def test_flapping_that_settles_in_failure_is_told_once_and_resolved_once():
    results = bads("xxx.....") * 4 + [True] * 40 + [False] * 5
    changes = [change for _, change in life(results)[1]]
    assert changes[-3:] == [AlertChange.FLAPPING, AlertChange.SETTLED, AlertChange.RESOLVED]


def test_firing_three_times_over_a_long_time_is_not_flapping():
    results = (bads("xxx.....") + [False] * 60) * 4
    assert AlertChange.FLAPPING not in {change for _, change in life(results)[1]}


@given(st.lists(st.booleans(), max_size=300), RULES, st.data())
def test_what_opened_is_resolved_exactly_once_whatever_is_silenced(results, rule, data):
    silenced = data.draw(st.lists(st.booleans(), min_size=len(results), max_size=len(results)))
    ending = max(rule.good_to_resolve, MOST_GOOD) + rule.settle_after + 1

    state, told = life(results + [False] * ending, rule, silenced + [False] * ending)

    is_open = False
    for _, change in told:
        if change in OPENING:
            assert not is_open
            is_open = True
        elif change is AlertChange.RESOLVED:
            assert is_open
            is_open = False
        else:
            assert change is AlertChange.SETTLED
            assert is_open
    assert not is_open, "the last recovery was lost"
    assert not state.is_open


@given(st.lists(st.booleans(), max_size=200), RULES)
def test_nobody_is_told_more_often_than_the_state_changes(results, rule):
    _, told = life(results, rule)
    assert all(a != b for (_, a), (_, b) in itertools.pairwise(told))


@given(st.lists(st.booleans(), max_size=100))
def test_the_memory_of_a_check_is_bounded(results):
    state, _ = life(results * 3)
    assert len(state.recent) <= RULE.window
    assert len(state.entries) <= RULE.flap_window


def test_silence_delays_a_notice_and_does_not_lose_it():
    results = [True] * 10
    silenced = [True] * 6 + [False] * 4
    assert life(results, silenced=silenced)[1] == [(6, AlertChange.FIRED)]


def test_a_recovery_is_told_in_silence():
    results = [True] * 3 + [False] * 5
    silenced = [False] * 3 + [True] * 5
    assert [c for _, c in life(results, silenced=silenced)[1]] == [AlertChange.FIRED, AlertChange.RESOLVED]


def test_five_percent_noise_gives_at_most_three_notices_a_day():
    rng = random.Random(20261125)
    days = 60
    _, told = life([rng.random() < 0.05 for _ in range(days * 1440)])
    assert len(told) / days <= 3


def test_a_half_failing_service_is_found_within_eight_checks_in_the_median_and_always():
    delays = []
    for seed in range(400):
        rng = random.Random(seed)
        _, told = life([rng.random() < 0.5 for _ in range(200)])
        delays.append(next(index for index, change in told if change is AlertChange.FIRED) + 1)
    assert sorted(delays)[len(delays) // 2] <= 8


def test_a_five_minute_flapper_gives_at_most_sixty_notices_a_day():
    results = ([True] * 5 + [False] * 5) * 144
    assert len(life(results)[1]) <= 60


def test_a_rule_that_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="bad_to_fire"):
        AlertRule(bad_to_fire=6, window=5)
    with pytest.raises(ValueError, match="good_to_resolve"):
        AlertRule(good_to_resolve=0)


def test_a_check_that_fails_by_chance_now_and_then_needs_one_bad_look_more():
    noisy = ([True] + [False] * 49) * 40
    quiet = [False] * 2000
    assert [at for at, _ in life(quiet + bads("xxx"))[1]] == [2002]
    assert life(noisy + bads("xxx"))[1] == []
    assert [at for at, _ in life(noisy + bads("xxxx"))[1]] == [2003]


def test_an_outage_is_no_noise():
    outages = (bads("x" * 30) + [False] * 200) * 10
    _, told = life(outages + bads("xxx"))
    assert told[-1] == (len(outages) + 2, AlertChange.FIRED)


def test_a_half_dead_service_that_gets_through_some_looks_is_one_outage():
    half_dead = bads("xx.x..xxx...xxx....x.x") * 4 + bads("xxxx.....xxxx")
    changes = [change for _, change in life(half_dead)[1]]
    assert changes == [AlertChange.FIRED]
    plain = AlertRule(adapts=False)
    assert len(life(half_dead, plain)[1]) > 1
    assert [change for _, change in life(half_dead + [False] * 30)[1]] == [AlertChange.FIRED, AlertChange.RESOLVED]


def test_a_rule_that_was_meant_to_be_sensitive_stays_so():
    for rule in (AlertRule(bad_to_fire=1, window=5), AlertRule(bad_to_fire=2, window=5)):
        noisy = [True, *[False] * 60] * 20
        assert bad_needed(state_after(noisy, rule), rule) == rule.bad_to_fire


def state_after(results, rule):
    state = AlertState()
    for bad in results:
        state = step(state, rule, bad=bad)
    return state
