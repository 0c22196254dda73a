"""Phase 6: watch the service after the fix, tell people what changes, and answer for its health."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diagnostics.model.alert import AlertChange, AlertPhase, AlertRule, AlertSeverity, MonitoringAlert
    from diagnostics.model.health import CheckHealth, CheckResult, CheckState, HealthReport, HealthStatus
    from diagnostics.post_solution_monitoring.checks import HealthCheck
    from diagnostics.post_solution_monitoring.election import Election, FileElection, PostgresElection
    from diagnostics.post_solution_monitoring.findings import (
        FindingsWatch,
        FindingTally,
        FixState,
        FixVerdict,
    )
    from diagnostics.post_solution_monitoring.history import History, MemoryHistory
    from diagnostics.post_solution_monitoring.history_sqlite import SqliteHistory
    from diagnostics.post_solution_monitoring.metric_check import MetricCheck
    from diagnostics.post_solution_monitoring.monitor import PostSolutionMonitor
    from diagnostics.post_solution_monitoring.opening import open_history
    from diagnostics.post_solution_monitoring.slo import BurnRateRule, Slo, SloTracker
    from diagnostics.post_solution_monitoring.temporary import TemporaryMonitoring, temporary_monitoring
    from diagnostics.post_solution_monitoring.trends import Forecast, forecast, trend_of
    from diagnostics.post_solution_monitoring.web.health import HealthEndpoint, create_health_endpoint

_HERE = "diagnostics.post_solution_monitoring"
_HOME = {
    "AlertChange": "diagnostics.model.alert",
    "AlertPhase": "diagnostics.model.alert",
    "AlertRule": "diagnostics.model.alert",
    "AlertSeverity": "diagnostics.model.alert",
    "BurnRateRule": f"{_HERE}.slo",
    "CheckHealth": "diagnostics.model.health",
    "CheckResult": "diagnostics.model.health",
    "CheckState": "diagnostics.model.health",
    "Election": f"{_HERE}.election",
    "FileElection": f"{_HERE}.election",
    "FindingTally": f"{_HERE}.findings",
    "FindingsWatch": f"{_HERE}.findings",
    "FixState": f"{_HERE}.findings",
    "FixVerdict": f"{_HERE}.findings",
    "Forecast": f"{_HERE}.trends",
    "HealthCheck": f"{_HERE}.checks",
    "HealthEndpoint": f"{_HERE}.web.health",
    "HealthReport": "diagnostics.model.health",
    "HealthStatus": "diagnostics.model.health",
    "History": f"{_HERE}.history",
    "MemoryHistory": f"{_HERE}.history",
    "MetricCheck": f"{_HERE}.metric_check",
    "MonitoringAlert": "diagnostics.model.alert",
    "PostgresElection": f"{_HERE}.election",
    "PostSolutionMonitor": f"{_HERE}.monitor",
    "Slo": f"{_HERE}.slo",
    "SloTracker": f"{_HERE}.slo",
    "SqliteHistory": f"{_HERE}.history_sqlite",
    "TemporaryMonitoring": f"{_HERE}.temporary",
    "create_health_endpoint": f"{_HERE}.web.health",
    "forecast": f"{_HERE}.trends",
    "open_history": f"{_HERE}.opening",
    "temporary_monitoring": f"{_HERE}.temporary",
    "trend_of": f"{_HERE}.trends",
}

__all__ = [
    "AlertChange",
    "AlertPhase",
    "AlertRule",
    "AlertSeverity",
    "BurnRateRule",
    "CheckHealth",
    "CheckResult",
    "CheckState",
    "Election",
    "FileElection",
    "FindingTally",
    "FindingsWatch",
    "FixState",
    "FixVerdict",
    "Forecast",
    "HealthCheck",
    "HealthEndpoint",
    "HealthReport",
    "HealthStatus",
    "History",
    "MemoryHistory",
    "MetricCheck",
    "MonitoringAlert",
    "PostSolutionMonitor",
    "PostgresElection",
    "Slo",
    "SloTracker",
    "SqliteHistory",
    "TemporaryMonitoring",
    "create_health_endpoint",
    "forecast",
    "open_history",
    "temporary_monitoring",
    "trend_of",
]


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value
