"""Error budgets that burn, and traffic that is too little to say so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.model.alert import AlertSeverity
from diagnostics.post_solution_monitoring.slo import (
    Events,
    Slo,
    SloTracker,
    budget_left,
    burn_rate,
    burning,
)

SLO = Slo(name="availability", objective=0.999)
START = datetime(2026, 1, 1, tzinfo=UTC)


def steady(total_per_hour, error_rate):
    """Return traffic that has been the same for ever."""

    def within(seconds):
        total = total_per_hour * seconds / 3600
        bad = round(total * error_rate)
        return Events(good=round(total) - bad, bad=bad)

    return within


def test_the_published_example_burns_the_monthly_budget_in_two_days():
    # The Site Reliability Workbook, ch. 5: 14.4 times for one hour is 2 % of a 30-day budget.
    burn = burning(SLO, steady(100_000, 0.0144))
    assert burn.rate == pytest.approx(14.4)
    assert burn.severity is AlertSeverity.CRITICAL
    assert burn.exhausted_in_seconds == pytest.approx(30 * 86400 / 14.4)


@pytest.mark.parametrize(
    ("error_rate", "severity"),
    [(0.02, AlertSeverity.CRITICAL), (0.007, AlertSeverity.CRITICAL), (0.002, AlertSeverity.WARNING), (0.0005, None)],
)
def test_the_faster_it_burns_the_louder_it_is(error_rate, severity):
    burn = burning(SLO, steady(100_000, error_rate))
    assert (burn.severity if burn else None) is severity


def test_with_little_traffic_a_few_errors_wake_nobody():
    def quiet_night(seconds):
        return Events(good=3, bad=1) if seconds >= 300 else Events()

    assert burning(SLO, quiet_night) is None


def test_ten_errors_that_chance_explains_wake_nobody():
    lenient = Slo(name="batch", objective=0.9)
    rule_free = Slo(name="batch", objective=0.9, min_bad_events=1)
    assert burning(lenient, lambda seconds: Events(good=5, bad=5)) is None
    assert burning(rule_free, lambda seconds: Events(good=4, bad=1)) is None


def test_what_is_over_is_over_although_the_long_window_still_holds_it():
    def recovered(seconds):
        return Events(good=10_000, bad=0) if seconds <= 300 else Events(good=90_000, bad=5_000)

    burn = burning(Slo(name="x", objective=0.999, rules=SLO.rules[:1]), recovered)
    assert burn is None


def test_no_traffic_burns_nothing():
    assert burn_rate(Events(), 0.999) == 0.0
    assert budget_left(SLO, Events()) == 1.0


def test_the_budget_left():
    assert budget_left(SLO, Events(good=99_950, bad=50)) == pytest.approx(0.5)
    assert budget_left(SLO, Events(good=99_800, bad=200)) == pytest.approx(-1.0)


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 50), st.integers(0, 5)), max_size=60))
def test_a_tracker_counts_each_event_once_and_forgets_what_is_old(steps):
    tracker, now, all_events = SloTracker(SLO), START, []
    for seconds, good, bad in steps:
        now += timedelta(seconds=seconds)
        tracker.record(now, good=good, bad=bad)
        all_events.append((now, good, bad))

    seen = tracker.within(3 * 86400.0, now)
    assert (seen.good, seen.bad) == (sum(g for _, g, _ in all_events), sum(b for _, _, b in all_events))
    assert len(tracker._buckets) <= sum(seconds for seconds, _, _ in steps) / 60 + 1

    tracker.record(now + timedelta(days=4), good=1)
    assert len(tracker._buckets) == 1


def test_an_outage_is_paged_within_minutes_and_ends_soon_after_the_recovery():
    tracker, now = SloTracker(SLO), START
    paged, cleared = None, None
    for minute in range(12 * 60):
        now = START + timedelta(minutes=minute)
        is_out = 360 <= minute < 400
        tracker.record(now, good=0 if is_out else 1000, bad=1000 if is_out else 0)
        burn = tracker.burning(now)
        fires = burn is not None and burn.severity is AlertSeverity.CRITICAL
        if fires and paged is None:
            paged = minute
        if paged is not None and not fires and cleared is None:
            cleared = minute
    assert paged == 360
    assert 400 <= cleared <= 440


@pytest.mark.parametrize("objective", [0.0, 1.0, 99.9])
def test_an_objective_that_is_no_share_is_refused(objective):
    with pytest.raises(ValueError, match="between 0 and 1"):
        Slo(name="x", objective=objective)


def test_negative_counts_are_refused():
    with pytest.raises(ValueError, match="not negative"):
        SloTracker(SLO).record(START, good=-1)
