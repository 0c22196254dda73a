"""Health: what one check said, and what all of them say together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from diagnostics.model.alert import AlertPhase, MonitoringAlert
from diagnostics.model.record import Record


class HealthStatus(StrEnum):
    """Health of a component, or of all of them."""

    HEALTHY = "HEALTHY"
    DEGRADED = "DEGRADED"
    CRITICAL = "CRITICAL"
    DOWN = "DOWN"
    UNKNOWN = "UNKNOWN"


class CheckState(StrEnum):
    """What one run of a check said."""

    PASS = "pass"  # noqa: S105 - not a password
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult(Record):
    """What one run of a check said.

    Attributes:
        state: ``unknown`` when the check could not look; that is neither pass nor fail.
        detail: One sentence with the value seen.
        duration_seconds: How long the check took.
        at: When it ended; filled in by the monitor.
        metrics: Numbers that the check measured, by name; kept in the history.
    """

    state: CheckState
    detail: str = ""
    duration_seconds: float = 0.0
    at: datetime | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return self.state in (CheckState.PASS, CheckState.WARN)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckHealth(Record):
    """One check as a report shows it.

    Attributes:
        name: Of the check.
        status: Traffic light.
        state: What its last run said.
        phase: Where its alert stands.
        detail: In words, the reason included.
        critical: Whether its failure is the service's failure.
        at: When it was last looked at.
        duration_seconds: How long the last run took.
        because_of: The failing check that this one depends on; empty when none.
        metrics: The numbers of its last look, while they are fresh.
    """

    name: str
    status: HealthStatus
    state: CheckState
    phase: AlertPhase
    detail: str = ""
    critical: bool = True
    at: datetime | None = None
    duration_seconds: float = 0.0
    because_of: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthReport(Record):
    """What all checks say together, at one moment.

    Attributes:
        timestamp: ISO 8601 in UTC.
        overall_status: The worst that counts; ``UNKNOWN`` when a critical check has no data.
        component_status: Status of each check, by name.
        active_alerts: Alerts that are open.
        performance_metrics: The newest numbers that the checks measured.
        uptime_seconds: Since the monitor was started.
        checks: Each check in full.
        could_not_look: Checks without data, each with the reason.
        maintenance: Why alerts are silent; empty when they are not.
        last_restart: When the monitor was started.
    """

    timestamp: str
    overall_status: HealthStatus
    component_status: Mapping[str, HealthStatus] = field(default_factory=dict)
    active_alerts: tuple[MonitoringAlert, ...] = ()
    performance_metrics: Mapping[str, float] = field(default_factory=dict)
    uptime_seconds: float = 0.0
    checks: tuple[CheckHealth, ...] = ()
    could_not_look: tuple[str, ...] = ()
    maintenance: str = ""
    last_restart: str | None = None
