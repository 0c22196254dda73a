"""History in a database: what SQLite and PostgreSQL have in common. Their SQL is the same but for types and paces."""

from __future__ import annotations

import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from diagnostics.model.alert import AlertChange, AlertSeverity, Delivery, MonitoringAlert
from diagnostics.model.event import Event, EventKind
from diagnostics.model.health import CheckResult, CheckState
from diagnostics.post_solution_monitoring.history import DEFAULT_EVENTS
from diagnostics.post_solution_monitoring.rollup import (
    KEPT_SECONDS,
    Bucket,
    bucket_of,
    from_results,
    gathered,
    joined,
    numbers_of,
    resolution_for,
)
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock

DEFAULT_RETENTION_DAYS = 14.0
DEFAULT_RESULTS_PER_CHECK = 100_000
DEFAULT_ALERTS = 10_000
BATCH_SIZE = 200
BATCH_SECONDS = 1.0
PRUNE_SECONDS = 600.0
ROLLUP_SECONDS = 30.0
"""Roll-ups are gathered in memory for so long; a crash loses that much of them, the results themselves are kept."""
ALL = 2**62
"""As a limit: no limit, in every dialect."""

#: {serial}: an id that rises by itself; {keyed}: how a table that is read by its key is stored.
SCHEMA = """
CREATE TABLE IF NOT EXISTS result (
    {rowid}name TEXT NOT NULL, at DOUBLE PRECISION NOT NULL, state TEXT NOT NULL, detail TEXT NOT NULL,
    duration DOUBLE PRECISION NOT NULL, metrics TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS result_name_at ON result (name, at);
CREATE TABLE IF NOT EXISTS alert (
    place {serial}, alert_id TEXT NOT NULL UNIQUE, resolved INTEGER NOT NULL, body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS event (
    place {serial}, at DOUBLE PRECISION NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
    title TEXT NOT NULL, who TEXT NOT NULL, body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS event_subject ON event (subject, kind);
CREATE TABLE IF NOT EXISTS delivery (
    id {serial}, channel TEXT NOT NULL, body TEXT NOT NULL, attempts INTEGER NOT NULL,
    error TEXT NOT NULL, dead INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS series (
    id {serial}, name TEXT NOT NULL, metric TEXT NOT NULL, UNIQUE (name, metric)
);
CREATE TABLE IF NOT EXISTS rollup (
    series BIGINT NOT NULL, step INTEGER NOT NULL, bucket BIGINT NOT NULL, n BIGINT NOT NULL,
    total DOUBLE PRECISION NOT NULL, low DOUBLE PRECISION NOT NULL, high DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (series, step, bucket)
){keyed};
"""
_ROLL_UP = """
INSERT INTO rollup VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (series, step, bucket) DO UPDATE SET
n = rollup.n + excluded.n, total = rollup.total + excluded.total,
low = CASE WHEN excluded.low < rollup.low THEN excluded.low ELSE rollup.low END,
high = CASE WHEN excluded.high > rollup.high THEN excluded.high ELSE rollup.high END
"""

Row = Sequence[Any]


class SqlHistory(ABC):
    """Keeps results, states and roll-ups in batches; an alert, an event and a notice are durable when the call returns."""

    def __init__(
        self,
        *,
        retention_days: float = DEFAULT_RETENTION_DAYS,
        results_per_check: int = DEFAULT_RESULTS_PER_CHECK,
        max_alerts: int = DEFAULT_ALERTS,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        if results_per_check < 1 or max_alerts < 1 or not retention_days > 0:
            raise ValueError("the bounds of a history are at least 1, its retention positive")
        self._retention = timedelta(days=retention_days)
        self._per_check = results_per_check
        self._max_alerts = max_alerts
        self._clock = clock
        self._lock = threading.Lock()
        self._pending: list[Row] = []
        self._pending_states: dict[str, str] = {}
        self._flushed_at = self._pruned_at = self._rolled_at = clock.monotonic()
        self._since_prune: dict[str, int] = {}
        self._rolling: dict[tuple[str, str, int, int], tuple[int, float, float, float]] = {}
        self._series: dict[tuple[str, str], int] = {}
        self._new_series: set[tuple[str, str]] = set()

    # ---- what a dialect does in its own way; the lock is held

    @abstractmethod
    def _rows(self, sql: str, values: Row = ()) -> list[Row]:
        """Execute one statement, whose parameters are question marks, and return its rows."""

    @abstractmethod
    def _many(self, sql: str, rows: Iterable[Row]) -> None:
        """Execute one statement for each row."""

    @abstractmethod
    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Execute what is inside as a whole or not at all."""

    @abstractmethod
    @contextmanager
    def _durable(self) -> Iterator[None]:
        """Have what is inside on the disk when it is left."""

    @abstractmethod
    def _version(self) -> str: ...

    @abstractmethod
    def _close(self) -> None: ...

    # ---- results

    def add_result(self, name: str, result: CheckResult) -> None:
        assert result.at is not None, "the monitor dates its results"
        at = result.at.timestamp()
        metrics = json.dumps(dict(result.metrics)) if result.metrics else "{}"
        row = (name, at, result.state.value, result.detail, result.duration_seconds, metrics)
        with self._lock:
            self._pending.append(row)
            self._roll(name, result, at)
            late = self._clock.monotonic() - self._flushed_at >= BATCH_SECONDS
            if late or len(self._pending) >= BATCH_SIZE:
                self._flush()

    def results(self, name: str, *, since: datetime | None = None, limit: int | None = None) -> list[CheckResult]:
        with self._lock:
            self._flush()
            rows = self._rows(
                "SELECT at, state, detail, duration, metrics FROM result WHERE name = ? AND at >= ? "
                "ORDER BY at DESC, rowid DESC LIMIT ?",
                (name, since.timestamp() if since else -1e18, _limit(limit)),
            )
        return [
            CheckResult(
                state=CheckState(state),
                detail=detail,
                duration_seconds=duration,
                at=datetime.fromtimestamp(at, UTC),
                metrics=json.loads(metrics),
            )
            for at, state, detail, duration, metrics in reversed(rows)
        ]

    def names(self) -> list[str]:
        with self._lock:
            self._flush(rollups=True)
            return [str(name) for (name,) in self._rows("SELECT DISTINCT name FROM series ORDER BY name")]

    def latest(self) -> dict[str, CheckResult]:
        found = ((name, self.results(name, limit=1)) for name in self.names())
        return {name: results[0] for name, results in found if results}

    def metrics(self, name: str) -> list[str]:
        with self._lock:
            self._flush(rollups=True)
            rows = self._rows("SELECT metric FROM series WHERE name = ? ORDER BY metric", (name,))
        return [str(metric) for (metric,) in rows]

    def series(self, name: str, metric: str, *, since: datetime, until: datetime, step_seconds: float) -> list[Bucket]:
        age = (self._clock.now() - since).total_seconds()
        resolution = resolution_for(step_seconds, age)
        if resolution is None:
            return from_results(self.results(name, since=since), metric, until, step_seconds)
        first = bucket_of(since.timestamp(), resolution)
        last = bucket_of(until.timestamp() + resolution - 1e-6, resolution)
        with self._lock:
            self._flush(rollups=True)
            rows = self._rows(
                "SELECT bucket * step, n, total, low, high FROM rollup JOIN series ON series.id = rollup.series "
                "WHERE name = ? AND metric = ? AND step = ? AND bucket >= ? AND bucket < ?",
                (name, metric, resolution, first, last),
            )
        parts = ((float(at), int(n), float(total), float(low), float(high)) for at, n, total, low, high in rows)
        return gathered(parts, max(step_seconds, resolution))

    # ---- alerts, states, events, notices

    def add_alert(self, alert: MonitoringAlert) -> None:
        body = alert.to_json(indent=None)
        with self._lock, self._durable():
            self._rows(
                "INSERT INTO alert (alert_id, resolved, body) VALUES (?, ?, ?) ON CONFLICT (alert_id) "
                "DO UPDATE SET resolved = excluded.resolved, body = excluded.body",
                (alert.alert_id, int(alert.resolved), body),
            )
            ((count,),) = self._rows("SELECT count(*) FROM alert")
            if count > self._max_alerts:
                # An alert that is still open must not be forgotten, or nobody would resolve it.
                self._rows(
                    "DELETE FROM alert WHERE place IN (SELECT place FROM alert ORDER BY resolved DESC, place LIMIT ?)",
                    (count - self._max_alerts,),
                )

    def alerts(self, *, active_only: bool = False, limit: int | None = None) -> list[MonitoringAlert]:
        with self._lock:
            rows = self._rows(
                "SELECT body FROM alert WHERE resolved <= ? ORDER BY place DESC LIMIT ?",
                (0 if active_only else 1, _limit(limit)),
            )
        return [alert_from(json.loads(body)) for (body,) in reversed(rows)]

    def save_state(self, name: str, state: Mapping[str, object]) -> None:
        body = json.dumps(dict(state))
        with self._lock:
            self._pending_states[name] = body

    def states(self) -> dict[str, dict[str, object]]:
        with self._lock:
            self._flush()
            rows = self._rows("SELECT name, body FROM state")
        return {name: json.loads(body) for name, body in rows}

    def add_event(self, event: Event) -> None:
        values = (
            event.at.timestamp(), event.kind.value, event.subject, event.title, event.who, json.dumps(dict(event.body)),
        )  # fmt: skip
        with self._lock, self._durable():
            self._rows("INSERT INTO event (at, kind, subject, title, who, body) VALUES (?, ?, ?, ?, ?, ?)", values)
            self._rows("DELETE FROM event WHERE place <= (SELECT max(place) FROM event) - ?", (DEFAULT_EVENTS,))

    def events(
        self,
        *,
        kinds: Iterable[EventKind] = (),
        subject: str | None = None,
        since: datetime | None = None,
        limit: int | None = None,
    ) -> list[Event]:
        wanted = [kind.value for kind in kinds] or [kind.value for kind in EventKind]
        about = "" if subject is None else "AND subject = ? "
        marks = ", ".join("?" * len(wanted))
        with self._lock:
            rows = self._rows(
                "SELECT at, kind, subject, title, who, body FROM event "  # noqa: S608 - our own words
                f"WHERE kind IN ({marks}) AND at >= ? {about}ORDER BY place DESC LIMIT ?",
                (
                    *wanted,
                    since.timestamp() if since else -1e18,
                    *(() if subject is None else (subject,)),
                    _limit(limit),
                ),
            )
        return [
            Event(
                at=datetime.fromtimestamp(at, UTC),
                kind=EventKind(kind),
                subject=about,
                title=title,
                who=who,
                body=json.loads(body),
            )
            for at, kind, about, title, who, body in reversed(rows)
        ]

    def enqueue(self, channel: str, alert: MonitoringAlert) -> Delivery:
        with self._lock, self._durable():
            ((place,),) = self._rows(
                "INSERT INTO delivery (channel, body, attempts, error, dead) VALUES (?, ?, 0, '', 0) RETURNING id",
                (channel, alert.to_json(indent=None)),
            )
        return Delivery(delivery_id=int(place), channel=channel, alert=alert)

    def deliveries(self, channel: str | None = None, *, dead: bool = False) -> list[Delivery]:
        to, values = ("", ()) if channel is None else ("AND channel = ? ", (channel,))
        with self._lock:
            rows = self._rows(
                f"SELECT id, channel, body, attempts, error FROM delivery WHERE dead = ? {to}ORDER BY id",  # noqa: S608 - our own words
                (int(dead), *values),
            )
        return [
            Delivery(
                delivery_id=int(place),
                channel=name,
                alert=alert_from(json.loads(body)),
                attempts=attempts,
                error=error,
                dead=dead,
            )
            for place, name, body, attempts, error in rows
        ]

    def mark(self, delivery_id: int, *, attempts: int, error: str, dead: bool) -> None:
        with self._lock:
            self._rows(
                "UPDATE delivery SET attempts = ?, error = ?, dead = ? WHERE id = ?",
                (attempts, error, int(dead), delivery_id),
            )

    def delivered(self, delivery_id: int) -> None:
        with self._lock, self._durable():
            self._rows("DELETE FROM delivery WHERE id = ?", (delivery_id,))

    # ---- the whole

    def version(self) -> str:
        with self._lock:
            return self._version()

    def forget(self, name: str) -> None:
        with self._lock:
            self._flush(rollups=True)
            with self._transaction():
                self._rows("DELETE FROM result WHERE name = ?", (name,))
                self._rows("DELETE FROM state WHERE name = ?", (name,))
                self._rows("DELETE FROM rollup WHERE series IN (SELECT id FROM series WHERE name = ?)", (name,))
                self._rows("DELETE FROM series WHERE name = ?", (name,))
            self._series = {key: kept for key, kept in self._series.items() if key[0] != name}

    def flush(self) -> None:
        with self._lock:
            self._flush(rollups=True)

    def close(self) -> None:
        with self._lock:
            try:
                self._flush(rollups=True)
            finally:
                self._close()

    def _flush(self, *, rollups: bool = False) -> None:
        now = self._clock.monotonic()
        self._flushed_at = now
        rollups = bool(self._rolling) and (rollups or now - self._rolled_at >= ROLLUP_SECONDS)
        if not self._pending and not self._pending_states and not rollups:
            return
        # Taken before they are written: rows that a full disk refuses are given up, memory stays bounded.
        rows, self._pending = self._pending, []
        states, self._pending_states = self._pending_states, {}
        new, self._new_series = self._new_series, set()
        try:
            with self._transaction():
                self._many(
                    "INSERT INTO result (name, at, state, detail, duration, metrics) VALUES (?, ?, ?, ?, ?, ?)", rows
                )
                self._many(
                    "INSERT INTO state VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET body = excluded.body",
                    states.items(),
                )
                for key in new:  # others see at once that there is such a check
                    self._series_of(*key)
                if rollups:
                    self._write_rollups()
                self._prune(rows, now)
        except BaseException:
            self._series.clear()  # ids that were given in what is rolled back
            raise

    def _prune(self, rows: Iterable[Row], now: float) -> None:
        for row in rows:
            self._since_prune[row[0]] = self._since_prune.get(row[0], 0) + 1
        for name in [name for name, count in self._since_prune.items() if count * 10 >= self._per_check]:
            # Done each time a tenth of the bound has been added.
            self._since_prune.pop(name)
            self._rows(
                "DELETE FROM result WHERE name = ? AND rowid NOT IN "
                "(SELECT rowid FROM result WHERE name = ? ORDER BY at DESC, rowid DESC LIMIT ?)",
                (name, name, self._per_check),
            )
        if now - self._pruned_at >= PRUNE_SECONDS:
            self._pruned_at = now
            moment = self._clock.now()
            self._rows("DELETE FROM result WHERE at < ?", ((moment - self._retention).timestamp(),))
            for step, kept in KEPT_SECONDS.items():
                first = bucket_of(moment.timestamp() - kept, step)
                self._rows("DELETE FROM rollup WHERE step = ? AND bucket < ?", (step, first))

    def _roll(self, name: str, result: CheckResult, at: float) -> None:
        for metric, value in numbers_of(result):
            if (name, metric) not in self._series:
                self._new_series.add((name, metric))
            for step in KEPT_SECONDS:
                key = (name, metric, step, bucket_of(at, step))
                kept = self._rolling.get(key)
                part = (1, value, value, value)
                self._rolling[key] = part if kept is None else joined(kept, part)

    def _write_rollups(self) -> None:
        rolling, self._rolling = self._rolling, {}
        self._rolled_at = self._clock.monotonic()
        self._many(
            _ROLL_UP,
            [
                (self._series_of(name, metric), step, bucket, *sums)
                for (name, metric, step, bucket), sums in rolling.items()
            ],
        )

    def _series_of(self, name: str, metric: str) -> int:
        known = self._series.get((name, metric))
        if known is None:
            self._rows("INSERT INTO series (name, metric) VALUES (?, ?) ON CONFLICT DO NOTHING", (name, metric))
            ((place,),) = self._rows("SELECT id FROM series WHERE name = ? AND metric = ?", (name, metric))
            known = self._series[name, metric] = int(place)
        return known


def _limit(limit: int | None) -> int:
    return ALL if limit is None else max(0, limit)


def alert_from(body: Mapping[str, Any]) -> MonitoringAlert:
    """Return the alert that was written as JSON; keys of later versions are ignored."""
    return MonitoringAlert(
        timestamp=body["timestamp"],
        alert_id=body["alert_id"],
        severity=AlertSeverity(body["severity"]),
        component=body["component"],
        message=body["message"],
        details=body["details"],
        resolved=body["resolved"],
        resolution_timestamp=body["resolution_timestamp"],
        change=AlertChange(body["change"]),
    )
