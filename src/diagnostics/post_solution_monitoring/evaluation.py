"""Results of checks -> traffic lights -> one status for all (pure)."""

from __future__ import annotations

from collections.abc import Sequence

from diagnostics.model.alert import AlertState
from diagnostics.model.health import CheckHealth, CheckResult, CheckState, HealthStatus

STALE_INTERVALS = 3
"""Data older than so many intervals (plus one timeout) are no data."""

_WORST_FIRST = (
    HealthStatus.DOWN,
    HealthStatus.CRITICAL,
    HealthStatus.UNKNOWN,
    HealthStatus.DEGRADED,
    HealthStatus.HEALTHY,
)


def is_stale(age_seconds: float | None, interval_seconds: float, timeout_seconds: float) -> bool:
    """Return whether a result of this age says nothing about now any more."""
    return age_seconds is None or age_seconds > STALE_INTERVALS * interval_seconds + timeout_seconds


def status_of(
    result: CheckResult | None, alert: AlertState, no_data: AlertState, *, critical: bool, stale: bool
) -> HealthStatus:
    """Return the traffic light of one check.

    One bad result is ``DEGRADED``; only the rule that fires makes it ``CRITICAL``, and only for critical
    checks. One run that could not look does not erase what the runs before saw; three do.
    """
    if result is None or stale or no_data.is_open:
        return HealthStatus.UNKNOWN
    if alert.is_open and (alert.firing or result.state is CheckState.FAIL):
        return HealthStatus.CRITICAL if critical else HealthStatus.DEGRADED
    if result.state is CheckState.UNKNOWN and alert.seen == 0:
        return HealthStatus.UNKNOWN
    if alert.is_open or result.state is not CheckState.PASS:
        return HealthStatus.DEGRADED
    return HealthStatus.HEALTHY


def overall(checks: Sequence[CheckHealth]) -> HealthStatus:
    """Return the status of the whole.

    ``DOWN`` when every critical check (of at least two) is critical; ``UNKNOWN`` when nothing is checked or a
    critical check has no data. A check that is not critical makes the whole ``DEGRADED`` at most.
    """
    if not checks:
        return HealthStatus.UNKNOWN
    critical = [check.status for check in checks if check.critical]
    if len(critical) >= 2 and all(status is HealthStatus.CRITICAL for status in critical):
        return HealthStatus.DOWN
    counted = [*critical]
    for check in checks:
        if not check.critical:
            healthy = check.status is HealthStatus.HEALTHY
            counted.append(HealthStatus.HEALTHY if healthy else HealthStatus.DEGRADED)
    return min(counted, key=_WORST_FIRST.index)


def is_serving(status: HealthStatus) -> bool:
    """Return whether an instance with this status may get traffic: 200 or 503."""
    return status in (HealthStatus.HEALTHY, HealthStatus.DEGRADED)
