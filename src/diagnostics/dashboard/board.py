"""Board: what the pages are made from; the only part that reads history, sessions and monitor."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from diagnostics.errors import DiagnosticsError
from diagnostics.model.alert import MonitoringAlert
from diagnostics.model.event import Event, EventKind
from diagnostics.model.health import HealthReport
from diagnostics.post_solution_monitoring.remote import report_from
from diagnostics.post_solution_monitoring.rollup import FAILED, Bucket
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock

if TYPE_CHECKING:
    from diagnostics.diagnostic_orchestrator.store import SessionStore, StoredSession
    from diagnostics.post_solution_monitoring.history import History
    from diagnostics.post_solution_monitoring.metrics_source import MetricSource
    from diagnostics.post_solution_monitoring.monitor import PostSolutionMonitor

MOST_SESSIONS = 200
MARKERS = (EventKind.DEPLOY, EventKind.FIX, EventKind.ROLLBACK, EventKind.INCIDENT)


class Board:
    """Reads for the pages, and writes what a person did there. Its methods block; pages call them on threads."""

    def __init__(
        self,
        history: History,
        *,
        sessions: SessionStore | None = None,
        monitor: PostSolutionMonitor | None = None,
        metrics: MetricSource | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Keep where to read.

        Args:
            history: Of the monitor, in this process or in another.
            sessions: The store of diagnoses; None when there is none.
            monitor: The monitor itself, where it runs in this process.
            metrics: Where the charts' numbers are, when not in the history: ``PromqlMetrics``.
            clock: Source of time.
        """
        self.history = history
        self.monitor = monitor
        self.metrics: MetricSource = history if metrics is None else metrics
        self.clock = clock
        self._sessions = sessions

    def version(self) -> str:
        """Return a text that changes when the pages would."""
        try:
            written = self._sessions.version() if self._sessions is not None else ""
        except DiagnosticsError:
            written = "away"
        return f"{self.history.version()}-{written}"

    def health(self) -> HealthReport:
        """Return what is known now."""
        if self.monitor is not None:
            return self.monitor.get_current_health()
        return report_from(self.history, self.clock.now())

    def alerts(self, limit: int = 200) -> list[MonitoringAlert]:
        """Return the newest alerts, the newest first."""
        return self.history.alerts(limit=limit)[::-1]

    def alert(self, alert_id: str) -> MonitoringAlert | None:
        """Return one alert."""
        return next((alert for alert in self.history.alerts() if alert.alert_id == alert_id), None)

    def events(self, *kinds: EventKind, since: datetime | None = None, subject: str | None = None) -> list[Event]:
        """Return what happened, oldest first."""
        return self.history.events(kinds=kinds, since=since, subject=subject)

    def record(self, kind: EventKind, title: str, *, subject: str, who: str, **body: object) -> None:
        """Keep what a person did."""
        self.history.add_event(Event(at=self.clock.now(), kind=kind, title=title, subject=subject, who=who, body=body))

    def series(self, name: str, metric: str, since: datetime, until: datetime, step_seconds: float) -> list[Bucket]:
        """Return a number over time.

        Raises:
            ProbeError: Who keeps the numbers cannot be asked.
        """
        return self.metrics.series(name, metric, since=since, until=until, step_seconds=step_seconds)

    def failed_share(self, names: list[str], days: float) -> tuple[float | None, int]:
        """Return which share of the looks at these checks failed, and how many looks there were."""
        now = self.clock.now()
        since = now - timedelta(days=days)
        buckets = [b for name in names for b in self._days(name, since, now)]
        looks = sum(bucket.count for bucket in buckets)
        return (sum(bucket.mean * bucket.count for bucket in buckets) / looks if looks else None), looks

    def _days(self, name: str, since: datetime, now: datetime) -> list[Bucket]:
        # From the history: hundreds of checks, each a question to another server, would keep the page waiting.
        return self.history.series(name, FAILED, since=since, until=now, step_seconds=86_400.0)

    def sessions(self) -> list[StoredSession]:
        """Return the newest diagnoses, the newest first; none when the store cannot be read."""
        try:
            return self._sessions.list(limit=MOST_SESSIONS) if self._sessions is not None else []
        except DiagnosticsError:
            return []

    def session(self, session_id: str) -> dict[str, Any] | None:
        """Return one diagnosis in full."""
        try:
            return self._sessions.load(session_id) if self._sessions is not None else None
        except DiagnosticsError:
            return None
