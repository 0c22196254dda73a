"""What a monitor knows, as observable gauges of OpenTelemetry; whatever reader the application has exports them."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from diagnostics.model.health import CheckState, HealthReport, HealthStatus

if TYPE_CHECKING:
    from diagnostics.post_solution_monitoring.monitor import PostSolutionMonitor

Point = tuple[float, Mapping[str, str]]

_OPEN = ("firing", "resolving", "flapping")


def _status(report: HealthReport) -> Iterator[Point]:
    for status in HealthStatus:
        yield float(status is report.overall_status), {"status": status.value.lower()}


def _passes(report: HealthReport) -> Iterator[Point]:
    for check in report.checks:
        if check.state is not CheckState.UNKNOWN:  # no point, for absence is what alerts can see
            yield float(check.state is not CheckState.FAIL), {"check": check.name}


def _alerting(report: HealthReport) -> Iterator[Point]:
    for check in report.checks:
        yield float(check.phase.value in _OPEN), {"check": check.name}


def _durations(report: HealthReport) -> Iterator[Point]:
    for check in report.checks:
        if check.at is not None:
            yield check.duration_seconds, {"check": check.name}


def _measured(report: HealthReport) -> Iterator[Point]:
    for check in report.checks:
        for name, value in check.metrics.items():
            yield float(value), {"check": check.name, "measure": name}


GAUGES: tuple[tuple[str, str, str, Callable[[HealthReport], Iterable[Point]]], ...] = (
    ("diagnose.health.status", "1", "1 for the status that the whole has now.", _status),
    (
        "diagnose.check.passes",
        "1",
        "Whether the check passed when it last knew; no point while nothing is known.",
        _passes,
    ),
    ("diagnose.check.alerting", "1", "Whether the alert of the check is open.", _alerting),
    ("diagnose.check.duration", "s", "How long the last look took.", _durations),
    ("diagnose.measured", "1", "The newest number that a check measured, in the unit that its name tells.", _measured),
)
"""Name, unit, description and points of each gauge."""


def observe_monitor(monitor: PostSolutionMonitor, meter: Any = None) -> None:
    """Let a meter observe a monitor; reading never runs a check, and the meter does not keep the monitor alive.

    Args:
        monitor: Whose checks are observed.
        meter: Of ``opentelemetry.metrics``; the application's own when None. Without an SDK nothing is exported.
    """
    from opentelemetry import metrics

    chosen = meter if meter is not None else metrics.get_meter("diagnostics")
    known = weakref.ref(monitor)

    def observing(points: Callable[[HealthReport], Iterable[Point]]) -> Callable[[Any], list[metrics.Observation]]:
        def observe(_options: Any) -> list[metrics.Observation]:
            alive = known()
            if alive is None:
                return []
            return [metrics.Observation(value, dict(labels)) for value, labels in points(alive.get_current_health())]

        return observe

    for name, unit, text, points in GAUGES:
        chosen.create_observable_gauge(name, callbacks=[observing(points)], unit=unit, description=text)
