"""Watch for a while: the context manager that follows a fix."""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import TracebackType
from typing import Any

from diagnostics.errors import ConfigurationError
from diagnostics.model.alert import MonitoringAlert
from diagnostics.model.health import HealthReport
from diagnostics.post_solution_monitoring.monitor import PostSolutionMonitor
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock

_log = logging.getLogger(__name__)


class TemporaryMonitoring:
    """Watches from ``with`` on, for at least its duration; made by ``temporary_monitoring``.

    The block runs while the monitor watches. When it ends before the duration is over, the rest is waited
    for; an error ends the watch at once.

    Attributes:
        monitor: The monitor.
        report: The last report, once the watch is over.
    """

    def __init__(self, monitor: PostSolutionMonitor, duration_seconds: float, clock: Clock) -> None:
        self.monitor = monitor
        self.duration_seconds = duration_seconds
        self.report: HealthReport | None = None
        self._clock = clock
        self._until = 0.0

    def __enter__(self) -> PostSolutionMonitor:
        self._until = self._clock.monotonic() + self.duration_seconds
        self.monitor.start_monitoring()
        return self.monitor

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self.monitor.wait(max(0.0, self._until - self._clock.monotonic()))
        finally:
            self.report = self.monitor.get_current_health()
            self.monitor.stop_monitoring()
            self.monitor.say(
                f"Temporary monitoring ended: {self.report.overall_status}, "
                f"{len(self.report.active_alerts)} alerts open."
            )

    def run(self) -> HealthReport:
        """Watch for the whole duration and return the last report."""
        with self:
            pass
        assert self.report is not None
        return self.report


def temporary_monitoring(
    logger: object | None = None,
    duration_minutes: float = 60,
    db_engine: Any = None,
    alert_callback: Callable[[MonitoringAlert], object] | None = None,
    *,
    duration_seconds: float | None = None,
    clock: Clock = SYSTEM_CLOCK,
    **options: Any,
) -> TemporaryMonitoring:
    """Return a watch of limited length, to be used with ``with`` or ``run``.

    Args:
        logger: As for ``PostSolutionMonitor``.
        duration_minutes: How long; ``duration_seconds`` goes before it.
        db_engine: As for ``PostSolutionMonitor``.
        alert_callback: As for ``PostSolutionMonitor``.
        duration_seconds: How long, in seconds.
        clock: Source of time.
        options: More for ``PostSolutionMonitor``.

    Raises:
        ConfigurationError: The duration is negative.

    Example::

        with temporary_monitoring(logger, duration_minutes=5, db_engine=engine) as monitor:
            monitor.add_health_check("checkout", checkout_works, interval_seconds=10)
    """
    seconds = duration_minutes * 60.0 if duration_seconds is None else duration_seconds
    if not seconds >= 0:
        raise ConfigurationError(f"A watch lasts zero seconds or more, not {seconds}.")
    monitor = PostSolutionMonitor(logger, db_engine, alert_callback, clock=clock, **options)
    return TemporaryMonitoring(monitor, seconds, clock)
