"""The health of a monitor in another process, from what it wrote into its history (pure but for the port)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from diagnostics.model.health import CheckHealth, CheckResult, CheckState, HealthReport
from diagnostics.post_solution_monitoring.evaluation import is_stale, overall, status_of
from diagnostics.post_solution_monitoring.history import History
from diagnostics.post_solution_monitoring.watcher import HEARTBEAT, state_from

SILENT_SECONDS = 60.0
"""A monitor that has not said for so long that it lives (it says so every 15 s) is taken for dead."""


def report_from(history: History, now: datetime) -> HealthReport:
    """Return what is known at ``now``; a monitor that fell silent makes everything unknown, never healthy."""
    states = history.states()
    beat: Mapping[str, Any] = states.get(HEARTBEAT) or {}
    known: Mapping[str, Mapping[str, Any]] = beat.get("checks") or {}
    latest = history.latest()
    checks = tuple(_health_of(name, known[name], latest.get(name), states.get(name) or {}, now) for name in known)
    blind = [f"{check.name}: {check.detail}" for check in checks if check.state is CheckState.UNKNOWN]
    silent = silence(beat, now)
    if silent:
        blind.insert(0, silent)
    return HealthReport(
        timestamp=now.isoformat(),
        overall_status=overall(checks),
        component_status={check.name: check.status for check in checks},
        active_alerts=tuple(history.alerts(active_only=True)),
        performance_metrics={
            metric: value for result in latest.values() for metric, value in sorted(result.metrics.items())
        },
        checks=checks,
        could_not_look=tuple(blind),
        maintenance=str(beat.get("maintenance") or ""),
    )


def silence(beat: Mapping[str, Any], now: datetime) -> str:
    """Return in words for how long the monitor has been silent; empty while it lives."""
    if not beat:
        return "monitor: nothing was ever watched with this history"
    age = (now - datetime.fromisoformat(str(beat["at"]))).total_seconds()
    return f"monitor: silent for {age:.0f} s; nobody is watching" if age > SILENT_SECONDS else ""


def _health_of(
    name: str, check: Mapping[str, Any], last: CheckResult | None, state: Mapping[str, Any], now: datetime
) -> CheckHealth:
    critical = bool(check.get("critical", True))
    failing = state_from(state.get("failing"))
    age = None if last is None or last.at is None else (now - last.at).total_seconds()
    stale = is_stale(age, float(check.get("interval_seconds", 0.0)), float(check.get("timeout_seconds", 0.0)))
    status = status_of(last, failing, state_from(state.get("no_data")), critical=critical, stale=stale)
    if last is None:
        detail = "not looked yet"
    else:
        detail = f"no data for {age:.0f} s" if stale else last.detail
    return CheckHealth(
        name=name,
        status=status,
        state=CheckState.UNKNOWN if last is None or stale else last.state,
        phase=failing.phase,
        detail=detail,
        critical=critical,
        at=last.at if last else None,
        duration_seconds=last.duration_seconds if last else 0.0,
        metrics=last.metrics if last is not None and not stale else {},
    )
