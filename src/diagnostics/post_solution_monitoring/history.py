"""History: what was seen and told, kept in memory or in SQLite behind one port."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Protocol, runtime_checkable

from diagnostics.model.alert import Delivery, MonitoringAlert
from diagnostics.model.event import Event, EventKind
from diagnostics.model.health import CheckResult
from diagnostics.post_solution_monitoring.rollup import Bucket, from_results, numbers_of

DEFAULT_RESULTS_PER_CHECK = 1_000
DEFAULT_ALERTS = 1_000
DEFAULT_EVENTS = 10_000


@runtime_checkable
class History(Protocol):
    """Keeps results, alerts and the state of each check's alert, all bounded; many threads may use it."""

    def add_result(self, name: str, result: CheckResult) -> None:
        """Keep the result of a check; ``result.at`` is set. The oldest beyond the bound are dropped."""
        ...

    def results(self, name: str, *, since: datetime | None = None, limit: int | None = None) -> list[CheckResult]:
        """Return the newest ``limit`` results at or after ``since``, oldest first."""
        ...

    def add_alert(self, alert: MonitoringAlert) -> None:
        """Keep an alert; one with the same ``alert_id`` is replaced, keeping its place."""
        ...

    def alerts(self, *, active_only: bool = False, limit: int | None = None) -> list[MonitoringAlert]:
        """Return the newest ``limit`` alerts, oldest first."""
        ...

    def save_state(self, name: str, state: Mapping[str, object]) -> None:
        """Keep what must survive a restart, as plain JSON values; the last one counts."""
        ...

    def states(self) -> dict[str, dict[str, object]]:
        """Return the kept states by name."""
        ...

    def names(self) -> list[str]:
        """Return the names of all checks that have results, sorted."""
        ...

    def latest(self) -> dict[str, CheckResult]:
        """Return the newest result of each check that has one."""
        ...

    def metrics(self, name: str) -> list[str]:
        """Return the names of the numbers that are kept of a check, sorted."""
        ...

    def series(self, name: str, metric: str, *, since: datetime, until: datetime, step_seconds: float) -> list[Bucket]:
        """Return a number of a check in buckets, oldest first; stretches without data have none.

        Older than a resolution is kept, buckets are as wide as what is kept. ``step_seconds`` is above 0.
        """
        ...

    def add_event(self, event: Event) -> None:
        """Keep what happened; the oldest beyond the bound are dropped."""
        ...

    def events(
        self,
        *,
        kinds: Iterable[EventKind] = (),
        subject: str | None = None,
        since: datetime | None = None,
        limit: int | None = None,
    ) -> list[Event]:
        """Return the newest ``limit`` events of these kinds (all when none is given), oldest first."""
        ...

    def enqueue(self, channel: str, alert: MonitoringAlert) -> Delivery:
        """Keep a notice until it is delivered; it is durable when the call returns."""
        ...

    def deliveries(self, channel: str | None = None, *, dead: bool = False) -> list[Delivery]:
        """Return the notices on their way to a channel (to all when None), or those given up; oldest first."""
        ...

    def mark(self, delivery_id: int, *, attempts: int, error: str, dead: bool) -> None:
        """Note how the delivery of a notice went; nothing happens when it is not kept any more."""
        ...

    def delivered(self, delivery_id: int) -> None:
        """Forget a notice that was taken."""
        ...

    def version(self) -> str:
        """Return a text that changes when something was added, by this process or another."""
        ...

    def forget(self, name: str) -> None:
        """Drop results and state of a check that is no more; its alerts stay."""
        ...

    def flush(self) -> None:
        """Make durable what is still on its way."""
        ...

    def close(self) -> None:
        """Flush and release files; nothing may be added afterwards."""
        ...


class MemoryHistory:
    """Keeps everything in this process, for as long as it lives."""

    def __init__(self, *, results_per_check: int = DEFAULT_RESULTS_PER_CHECK, max_alerts: int = DEFAULT_ALERTS) -> None:
        if results_per_check < 1 or max_alerts < 1:
            raise ValueError("the bounds of a history are at least 1")
        self._per_check = results_per_check
        self._max_alerts = max_alerts
        self._lock = threading.Lock()
        self._results: dict[str, deque[CheckResult]] = {}
        self._alerts: OrderedDict[str, MonitoringAlert] = OrderedDict()
        self._states: dict[str, dict[str, object]] = {}
        self._events: deque[Event] = deque(maxlen=DEFAULT_EVENTS)
        self._deliveries: dict[int, Delivery] = {}
        self._delivery_id = 0
        self._version = 0

    def add_result(self, name: str, result: CheckResult) -> None:
        with self._lock:
            kept = self._results.get(name)
            if kept is None:
                kept = self._results[name] = deque(maxlen=self._per_check)
            kept.append(result)
            self._version += 1

    def results(self, name: str, *, since: datetime | None = None, limit: int | None = None) -> list[CheckResult]:
        with self._lock:
            kept = list(self._results.get(name, ()))
        if since is not None:
            kept = [result for result in kept if result.at is not None and result.at >= since]
        return kept if limit is None else kept[-limit:] if limit > 0 else []

    def add_alert(self, alert: MonitoringAlert) -> None:
        with self._lock:
            self._version += 1
            self._alerts[alert.alert_id] = alert
            if len(self._alerts) > self._max_alerts:
                # An alert that is still open must not be forgotten, or nobody would resolve it.
                closed = next((key for key, kept in self._alerts.items() if kept.resolved), None)
                self._alerts.pop(closed if closed is not None else next(iter(self._alerts)))

    def alerts(self, *, active_only: bool = False, limit: int | None = None) -> list[MonitoringAlert]:
        with self._lock:
            kept = [alert for alert in self._alerts.values() if not (active_only and alert.resolved)]
        return kept if limit is None else kept[-limit:] if limit > 0 else []

    def save_state(self, name: str, state: Mapping[str, object]) -> None:
        with self._lock:
            self._states[name] = dict(state)

    def states(self) -> dict[str, dict[str, object]]:
        with self._lock:
            return {name: dict(state) for name, state in self._states.items()}

    def names(self) -> list[str]:
        with self._lock:
            return sorted(self._results)

    def latest(self) -> dict[str, CheckResult]:
        with self._lock:
            return {name: kept[-1] for name, kept in self._results.items() if kept}

    def metrics(self, name: str) -> list[str]:
        return sorted({metric for result in self.results(name) for metric, _ in numbers_of(result)})

    def series(self, name: str, metric: str, *, since: datetime, until: datetime, step_seconds: float) -> list[Bucket]:
        return from_results(self.results(name, since=since), metric, until, step_seconds)

    def add_event(self, event: Event) -> None:
        with self._lock:
            self._events.append(event)
            self._version += 1

    def events(
        self,
        *,
        kinds: Iterable[EventKind] = (),
        subject: str | None = None,
        since: datetime | None = None,
        limit: int | None = None,
    ) -> list[Event]:
        wanted = set(kinds)
        with self._lock:
            kept = [
                event
                for event in self._events
                if (not wanted or event.kind in wanted)
                and (subject is None or event.subject == subject)
                and (since is None or event.at >= since)
            ]
        return kept if limit is None else kept[-limit:] if limit > 0 else []

    def enqueue(self, channel: str, alert: MonitoringAlert) -> Delivery:
        with self._lock:
            self._delivery_id += 1
            kept = Delivery(delivery_id=self._delivery_id, channel=channel, alert=alert)
            self._deliveries[kept.delivery_id] = kept
            return kept

    def deliveries(self, channel: str | None = None, *, dead: bool = False) -> list[Delivery]:
        with self._lock:
            return [d for d in self._deliveries.values() if d.dead is dead and channel in (None, d.channel)]

    def mark(self, delivery_id: int, *, attempts: int, error: str, dead: bool) -> None:
        with self._lock:
            kept = self._deliveries.get(delivery_id)
            if kept is not None:
                self._deliveries[delivery_id] = replace(kept, attempts=attempts, error=error, dead=dead)

    def delivered(self, delivery_id: int) -> None:
        with self._lock:
            self._deliveries.pop(delivery_id, None)

    def version(self) -> str:
        return str(self._version)

    def forget(self, name: str) -> None:
        with self._lock:
            self._version += 1
            self._results.pop(name, None)
            self._states.pop(name, None)

    def flush(self) -> None:
        """Do nothing: memory has nothing on its way."""

    def close(self) -> None:
        """Do nothing: memory holds no files."""


def __getattr__(name: str) -> object:
    if name == "SqliteHistory":  # sqlite3 is loaded when it is used
        from diagnostics.post_solution_monitoring.history_sqlite import SqliteHistory

        return SqliteHistory
    raise AttributeError(name)
