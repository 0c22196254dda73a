"""A health report as ``application/health+json`` (pure).

Source: Nadareishvili, "Health Check Response Format for HTTP APIs", draft-inadarei-api-health-check-06.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from diagnostics.model.health import CheckHealth, CheckState, HealthReport, HealthStatus
from diagnostics.post_solution_monitoring.evaluation import is_serving

MEDIA_TYPE = "application/health+json"

_STATUS = {
    HealthStatus.HEALTHY: "pass",
    HealthStatus.DEGRADED: "warn",
    HealthStatus.CRITICAL: "fail",
    HealthStatus.DOWN: "fail",
    HealthStatus.UNKNOWN: "fail",
}


class Page(StrEnum):
    """What is asked."""

    HEALTH = "health"
    LIVE = "live"
    READY = "ready"
    STARTUP = "startup"


def status_code(page: Page, report: HealthReport, *, draining: bool, has_started: bool) -> int:
    """Return 200 or 503.

    Alive is whoever can answer: a database that is down is no reason to restart the process. Ready is who may
    get traffic; while draining nobody may. Started is who has once had an answer to every critical check.
    """
    if page is Page.LIVE:
        return 200
    if page is Page.STARTUP:
        return 200 if has_started else 503
    serving = is_serving(report.overall_status)
    if page is Page.READY:
        serving = serving and not draining
    return 200 if serving else 503


def is_started(report: HealthReport) -> bool:
    """Return whether every critical check has answered once."""
    critical = [check for check in report.checks if check.critical]
    return all(check.at is not None and check.state is not CheckState.UNKNOWN for check in critical)


def body_of(page: Page, report: HealthReport, code: int, *, detailed: bool, draining: bool) -> dict[str, Any]:
    """Return the body: names and states for everybody, reasons and numbers for those who may see them."""
    status = _STATUS[report.overall_status]
    if page is Page.LIVE:
        return {
            "status": "pass",
            "timestamp": report.timestamp,
            "uptime_seconds": round(report.uptime_seconds, 1),
        }
    if code == 503:
        status = "fail"
    elif page is Page.STARTUP:
        status = "pass"
    body: dict[str, Any] = {
        "status": status,
        "overall_status": report.overall_status.value,
        "timestamp": report.timestamp,
        "uptime_seconds": round(report.uptime_seconds, 1),
        "components": {name: state.value.lower() for name, state in report.component_status.items()},
        "active_alerts": len(report.active_alerts),
        "checks": {check.name: [_check(check, detailed=detailed)] for check in report.checks},
    }
    if draining:
        body["notes"] = ["draining: no new traffic, please"]
    if detailed:
        body |= {
            "metrics": dict(report.performance_metrics),
            "alerts": [alert.to_dict() for alert in report.active_alerts],
            "could_not_look": list(report.could_not_look),
            "maintenance": report.maintenance,
        }
    return body


def _check(check: CheckHealth, *, detailed: bool) -> Mapping[str, Any]:
    entry: dict[str, Any] = {
        "status": "fail" if check.state is CheckState.UNKNOWN else check.state.value,
        "state": check.state.value,
        "componentType": "component",
    }
    if check.at is not None:
        entry["time"] = check.at.isoformat()
    if check.because_of:
        entry["because_of"] = check.because_of
    if detailed:
        entry |= {
            "output": check.detail,
            "critical": check.critical,
            "alert": check.phase.value,
            "observedValue": round(check.duration_seconds, 4),
            "observedUnit": "s",
        }
    return entry
