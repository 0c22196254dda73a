"""Seeing it come."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from diagnostics.model.health import CheckResult, CheckState
from diagnostics.post_solution_monitoring.trends import forecast, series, trend_of

START = datetime(2026, 1, 1, tzinfo=UTC)


def results(values, minutes=1.0):
    return [
        CheckResult(state=CheckState.PASS, at=START + timedelta(minutes=minutes * i), metrics={"percent": value})
        for i, value in enumerate(values)
    ]


def noisy(slope, n=240, seed=1):
    rng = random.Random(seed)
    return results([60 + slope * i + rng.gauss(0, 0.5) for i in range(n)])


def test_a_disk_that_fills_meets_its_limit_when_it_does():
    # 0.05 % a minute from 60 %: at 72 % after 240 minutes, and at 95 % after 700 minutes.
    found = forecast(noisy(0.05), "percent", 95.0)
    truth = START + timedelta(minutes=700)
    assert found.earliest <= truth <= found.latest
    assert abs(found.at - truth) < timedelta(minutes=20)
    assert found.per_hour == pytest.approx(3.0, rel=0.05)
    assert "240 results in 239 min" in found.because


def test_noise_and_trends_that_lead_away_meet_no_limit():
    assert forecast(noisy(0.0), "percent", 95.0) is None
    assert forecast(noisy(-0.05), "percent", 95.0) is None


def test_one_wild_value_does_not_bend_the_line():
    calm = [60 + 0.05 * i for i in range(240)]
    wild = [*calm[:-1], 1e6]
    assert trend_of(results(wild), "percent").slope == pytest.approx(0.05 / 60, rel=0.01)


def test_false_alarms_are_rare():
    alarms = sum(forecast(noisy(0.0, n=120, seed=seed), "percent", 95.0) is not None for seed in range(200))
    assert alarms <= 0.05 * 200  # one side of a two-sided test at 5 %


def test_too_little_history_says_nothing():
    assert trend_of([], "percent") is None
    assert trend_of(results([1.0, 2.0]), "percent") is None
    assert forecast(results([1.0, 2.0]), "percent", 95.0) is None
    assert trend_of(results([1.0, 2.0, 3.0], minutes=0), "percent") is None


def test_results_without_the_number_are_left_out():
    mixed = [*results([1.0]), CheckResult(state=CheckState.FAIL, at=START), CheckResult(state=CheckState.FAIL)]
    assert series(mixed, "percent") == ([START], [1.0])
