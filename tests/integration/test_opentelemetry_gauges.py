"""A monitor's gauges as a reader of the OpenTelemetry SDK sees them."""

from __future__ import annotations

import gc

import pytest

from diagnostics.integrations.opentelemetry import observe_monitor
from diagnostics.model.alert import AlertRule
from diagnostics.model.health import CheckResult, CheckState
from diagnostics.post_solution_monitoring import PostSolutionMonitor

sdk = pytest.importorskip("opentelemetry.sdk.metrics", reason="no OpenTelemetry SDK (pip install opentelemetry-sdk)")
export = pytest.importorskip("opentelemetry.sdk.metrics.export")


@pytest.fixture
def reader():
    return export.InMemoryMetricReader()


@pytest.fixture
def meter(reader):
    provider = sdk.MeterProvider(metric_readers=[reader], shutdown_on_exit=False)
    yield provider.get_meter("test")
    provider.shutdown()


def watched():
    monitor = PostSolutionMonitor(default_checks=False, rule=AlertRule(bad_to_fire=1, window=1))
    monitor.add_health_check("good", lambda: CheckResult(state=CheckState.PASS, metrics={"p95_seconds": 0.25}), 3600)
    monitor.add_health_check("bad", lambda: False, 3600)
    monitor.add_health_check("blind", lambda: None, 3600)
    monitor.start_monitoring()
    monitor.run_once()
    return monitor


def read(reader):
    data = reader.get_metrics_data()
    if data is None:
        return {}
    return {
        metric.name: {tuple(sorted(point.attributes.items())): point.value for point in metric.data.data_points}
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }


def test_checks_alerts_durations_and_measures_are_observed_and_what_nobody_knows_is_absent(reader, meter):
    monitor = watched()
    observe_monitor(monitor, meter)

    found = read(reader)

    assert found["diagnose.check.passes"] == {(("check", "good"),): 1.0, (("check", "bad"),): 0.0}
    assert found["diagnose.check.alerting"][(("check", "bad"),)] == 1.0
    assert found["diagnose.measured"] == {(("check", "good"), ("measure", "p95_seconds")): 0.25}
    assert set(found["diagnose.check.duration"]) == {(("check", name),) for name in ("good", "bad", "blind")}
    assert sum(found["diagnose.health.status"].values()) == 1.0
    monitor.stop_monitoring()


def test_the_meter_does_not_keep_a_monitor_alive(reader, meter):
    monitor = PostSolutionMonitor(default_checks=False)
    observe_monitor(monitor, meter)
    assert read(reader)["diagnose.health.status"]

    del monitor
    gc.collect()

    assert not any(read(reader).values())
