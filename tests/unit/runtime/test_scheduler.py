"""What is due next; and the thread that waits for it."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.runtime.scheduler import Schedule, Scheduler, next_due, phase_of
from diagnostics.testing.clock import FakeClock


@given(st.floats(0, 1e6), st.floats(0.01, 1e4), st.floats(0, 1e5))
def test_the_next_moment_lies_ahead_within_one_interval_and_on_the_grid(due, interval, late):
    now = due + late
    following = next_due(due, interval, now)
    assert now < following <= now + interval * (1 + 1e-9) + 1e-6
    steps = (following - due) / interval
    assert abs(steps - round(steps)) < 1e-3


def test_what_is_due_comes_once_and_the_most_overdue_first():
    schedule = Schedule()
    schedule.add("slow", 5.0, 10.0)
    schedule.add("quick", 1.0, 2.0)
    schedule.add("once", 3.0)

    assert schedule.take_due(0.5) == []
    assert schedule.take_due(6.0) == ["quick", "once", "slow"]
    assert schedule.take_due(6.0) == []
    assert schedule.next() == 7.0
    assert "once" not in schedule


def test_missed_moments_are_left_out_instead_of_made_up_for():
    schedule = Schedule()
    schedule.add("check", 0.0, 10.0)
    assert schedule.take_due(1000.0) == ["check"]
    assert schedule.take_due(1000.0) == []
    assert schedule.next() == 1010.0


def test_a_key_that_is_added_again_forgets_its_former_time():
    schedule = Schedule()
    schedule.add("check", 1.0, 5.0)
    schedule.add("check", 3.0, 5.0)
    assert schedule.take_due(2.0) == []
    assert schedule.take_due(3.0) == ["check"]
    assert len(schedule) == 1


def test_a_removed_key_never_comes():
    schedule = Schedule()
    schedule.add("check", 1.0, 5.0)
    schedule.remove("check")
    schedule.remove("unknown")
    assert schedule.next() is None
    assert schedule.take_due(100.0) == []


def test_keys_that_come_and_go_do_not_pile_up():
    schedule = Schedule()
    for number in range(10_000):
        schedule.add("late", float(number))
        schedule.remove("late")
    assert len(schedule._heap) < 100


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.floats(0, 100), st.floats(0.5, 50)), max_size=30))
def test_over_any_time_a_check_runs_as_often_as_its_interval_says(added):
    schedule = Schedule()
    last = {}
    for key, due, interval in added:
        schedule.add(key, due, interval)
        last[key] = (due, interval)
    runs = dict.fromkeys(last, 0)

    while (due := schedule.next()) is not None and due <= 500.0:
        for key in schedule.take_due(due):
            runs[key] += 1

    for key, (due, interval) in last.items():
        assert abs(runs[key] - ((500.0 - due) // interval + 1)) <= 1


@pytest.mark.parametrize("interval", [0.0, -1.0, float("nan")])
def test_an_interval_that_is_not_positive_is_refused(interval):
    with pytest.raises(ValueError, match="positive"):
        Schedule().add("check", 0.0, interval)


def test_many_names_are_spread_evenly_and_always_the_same():
    places = sorted(phase_of(f"check-{number}", 10.0) for number in range(2000))
    for tenth in range(10):
        inside = sum(tenth <= place < tenth + 1 for place in places)
        assert 140 < inside < 260
    assert phase_of("check-1", 10.0) == phase_of("check-1", 10.0)


def test_step_acts_by_the_clock_that_was_passed_in():
    clock, acted = FakeClock(), []
    scheduler = Scheduler(acted.append, clock=clock)
    scheduler.add("check", delay=5.0, interval=10.0)

    for _ in range(40):
        scheduler.step()
        clock.advance(1.0)

    assert acted == ["check"] * 4
    assert scheduler.seconds_to_next() == 5.0


def test_one_broken_act_does_not_stop_the_others():
    acted = []

    def act(key):
        if key == "broken":
            raise RuntimeError("broken")
        acted.append(key)

    scheduler = Scheduler(act, clock=FakeClock())
    scheduler.add("broken")
    scheduler.add("well")
    scheduler.step()
    assert acted == ["well"]


def test_the_thread_acts_on_what_is_added_while_it_waits_and_stops_at_once():
    acted = threading.Event()
    scheduler = Scheduler(lambda key: acted.set())
    scheduler.start()
    scheduler.start()
    try:
        assert scheduler.is_running
        scheduler.add("far", delay=1000.0)
        scheduler.add("now")
        assert acted.wait(10)
    finally:
        scheduler.stop()
    assert not scheduler.is_running


def test_it_can_be_stopped_from_within_and_started_again():
    scheduler = Scheduler(lambda key: (scheduler.stop(), stopped.set()))
    stopped = threading.Event()
    scheduler.add("stop")
    scheduler.start()
    assert stopped.wait(10)
    stopped.clear()
    scheduler.add("stop")
    scheduler.start()
    assert stopped.wait(10)
    scheduler.stop()
