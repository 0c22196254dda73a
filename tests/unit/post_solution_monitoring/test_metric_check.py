"""A number without a limit is watched by its own past."""

import random

import pytest

from diagnostics.model.health import CheckState, HealthStatus
from diagnostics.post_solution_monitoring import MetricCheck, PostSolutionMonitor
from diagnostics.stats.anomaly import DetectorSettings
from diagnostics.testing import FakeClock

QUICK = DetectorSettings(learning=60)


def noise(n):
    generator = random.Random(1)
    return [generator.gauss(100, 5) for _ in range(n)]


def results(values, **chosen):
    given = iter(values)
    check = MetricCheck("latency", lambda: next(given), settings=QUICK, clock=FakeClock(), **chosen)
    return [check() for _ in values]


def test_while_it_learns_nothing_is_known():
    first, *_, last = results(noise(60))

    assert first.state is CheckState.UNKNOWN
    assert first.detail.endswith("learning, 1 of 60 values")
    assert last.state is CheckState.UNKNOWN


def test_a_usual_value_passes_and_is_kept_with_its_surprise():
    last = results(noise(100))[-1]

    assert last.state is CheckState.PASS
    assert last.metrics["latency"] == noise(100)[-1]
    assert last.metrics["latency.surprise"] < 2.5


@pytest.mark.parametrize(("lang", "words"), [("en", "usually"), ("ru", "обычно")])
def test_a_surprise_warns_and_says_what_was_usual(lang, words):
    last = results([*noise(100), 400.0], lang=lang)[-1]

    assert last.state is CheckState.WARN
    assert words in last.detail
    assert "400" in last.detail
    assert last.metrics["latency.surprise"] >= 2.5


def test_a_surprise_may_count_as_a_failure():
    assert results([*noise(100), 400.0], state=CheckState.FAIL)[-1].state is CheckState.FAIL


@pytest.mark.parametrize("nothing", [None, float("nan")])
def test_no_value_is_no_pass(nothing):
    last = results([*noise(100), nothing])[-1]

    assert (last.state, last.detail) == (CheckState.UNKNOWN, "latency: no value")


def test_a_monitor_runs_it_on_its_schedule():
    clock = FakeClock()
    values = iter([*noise(100), 400.0])
    monitor = PostSolutionMonitor(clock=clock, default_checks=False)
    monitor.add_health_check("latency", MetricCheck("latency", lambda: next(values), settings=QUICK, clock=clock), 60)

    monitor.wait(60 * 100 + 1)

    health = monitor.get_current_health()
    assert health.component_status["latency"] is HealthStatus.DEGRADED
    assert "usually" in health.checks[0].detail
    assert health.performance_metrics
