"""History in one SQLite file, in WAL mode, readable by others while it is written."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from diagnostics.errors import DiagnosticsError
from diagnostics.model.alert import AlertChange, AlertSeverity, Delivery, MonitoringAlert
from diagnostics.model.event import Event, EventKind
from diagnostics.model.health import CheckResult, CheckState
from diagnostics.post_solution_monitoring.history import DEFAULT_EVENTS
from diagnostics.post_solution_monitoring.rollup import (
    KEPT_SECONDS,
    Bucket,
    bucket_of,
    gathered,
    joined,
    numbers_of,
    resolution_for,
)
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock

SCHEMA_VERSION = 2
DEFAULT_RETENTION_DAYS = 14.0
DEFAULT_RESULTS_PER_CHECK = 100_000
DEFAULT_ALERTS = 10_000
BATCH_SIZE = 200
BATCH_SECONDS = 1.0
PRUNE_SECONDS = 600.0
ROLLUP_SECONDS = 30.0
"""Roll-ups are gathered in memory for so long; a crash loses that much of them, the results themselves are kept."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS result (
    name TEXT NOT NULL, at REAL NOT NULL, state TEXT NOT NULL, detail TEXT NOT NULL,
    duration REAL NOT NULL, metrics TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS result_name_at ON result (name, at);
CREATE TABLE IF NOT EXISTS alert (
    place INTEGER PRIMARY KEY AUTOINCREMENT, alert_id TEXT NOT NULL UNIQUE, resolved INTEGER NOT NULL,
    body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS event (
    place INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
    title TEXT NOT NULL, who TEXT NOT NULL, body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS event_subject ON event (subject, kind);
CREATE TABLE IF NOT EXISTS delivery (
    id INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT NOT NULL, body TEXT NOT NULL, attempts INTEGER NOT NULL,
    error TEXT NOT NULL, dead INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS series (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, metric TEXT NOT NULL, UNIQUE (name, metric)
);
CREATE TABLE IF NOT EXISTS rollup (
    series INTEGER NOT NULL, step INTEGER NOT NULL, bucket INTEGER NOT NULL,
    n INTEGER NOT NULL, total REAL NOT NULL, low REAL NOT NULL, high REAL NOT NULL,
    PRIMARY KEY (series, step, bucket)
) WITHOUT ROWID;
"""
_ROLL_UP = """
INSERT INTO rollup VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (series, step, bucket) DO UPDATE SET
n = n + excluded.n, total = total + excluded.total, low = min(low, excluded.low), high = max(high, excluded.high)
"""


class SqliteHistory:
    """Keeps results and states in batches of a second; an alert is durable when the call returns."""

    def __init__(
        self,
        path: str | Path,
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
        self._pending: list[tuple[Any, ...]] = []
        self._pending_states: dict[str, str] = {}
        self._flushed_at = self._pruned_at = self._rolled_at = clock.monotonic()
        self._rolling: dict[tuple[str, str, int, int], tuple[int, float, float, float]] = {}
        self._series: dict[tuple[str, str], int] = {}
        self._new_series: set[tuple[str, str]] = set()
        self._since_prune: dict[str, int] = {}
        self._db = sqlite3.connect(path, check_same_thread=False, timeout=5.0, isolation_level=None)
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            self._db.close()
            raise DiagnosticsError(
                f"{path}: this history has format {version}, and this release knows {SCHEMA_VERSION}.",
                hint="Use a newer release, or another file.",
            )
        self._db.execute("PRAGMA journal_mode=WAL")
        # NORMAL: a power loss may cost the last commits, never the file; alerts ask for FULL.
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)
        self._db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")

    def add_result(self, name: str, result: CheckResult) -> None:
        assert result.at is not None, "the monitor dates its results"
        metrics = json.dumps(dict(result.metrics)) if result.metrics else "{}"
        row = (
            name, result.at.timestamp(), result.state.value, result.detail, result.duration_seconds, metrics,
        )  # fmt: skip
        with self._lock:
            self._pending.append(row)
            self._roll(name, result, result.at.timestamp())
            late = self._clock.monotonic() - self._flushed_at >= BATCH_SECONDS
            if late or len(self._pending) >= BATCH_SIZE:
                self._flush()

    def results(self, name: str, *, since: datetime | None = None, limit: int | None = None) -> list[CheckResult]:
        with self._lock:
            self._flush()
            rows = self._db.execute(
                "SELECT at, state, detail, duration, metrics FROM result WHERE name = ? AND at >= ? "
                "ORDER BY at DESC, rowid DESC LIMIT ?",
                (name, since.timestamp() if since else -1e18, -1 if limit is None else max(0, limit)),
            ).fetchall()
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

    def add_alert(self, alert: MonitoringAlert) -> None:
        body = alert.to_json(indent=None)
        with self._lock:
            self._durably(
                "INSERT INTO alert (alert_id, resolved, body) VALUES (?, ?, ?) ON CONFLICT (alert_id) "
                "DO UPDATE SET resolved = excluded.resolved, body = excluded.body",
                (alert.alert_id, int(alert.resolved), body),
            )
            # An alert that is still open must not be forgotten, or nobody would resolve it.
            self._db.execute(
                "DELETE FROM alert WHERE place IN (SELECT place FROM alert ORDER BY resolved DESC, place "
                "LIMIT max(0, (SELECT count(*) FROM alert) - ?))",
                (self._max_alerts,),
            )

    def alerts(self, *, active_only: bool = False, limit: int | None = None) -> list[MonitoringAlert]:
        with self._lock:
            rows = self._db.execute(
                "SELECT body FROM alert WHERE resolved = 0 OR ? ORDER BY place DESC LIMIT ?",
                (not active_only, -1 if limit is None else max(0, limit)),
            ).fetchall()
        return [alert_from(json.loads(body)) for (body,) in reversed(rows)]

    def save_state(self, name: str, state: Mapping[str, object]) -> None:
        body = json.dumps(dict(state))
        with self._lock:
            self._pending_states[name] = body

    def states(self) -> dict[str, dict[str, object]]:
        with self._lock:
            self._flush()
            rows = self._db.execute("SELECT name, body FROM state").fetchall()
        return {name: json.loads(body) for name, body in rows}

    def names(self) -> list[str]:
        with self._lock:
            self._flush(rollups=True)
            return [str(name) for (name,) in self._db.execute("SELECT DISTINCT name FROM series ORDER BY name")]

    def latest(self) -> dict[str, CheckResult]:
        found = ((name, self.results(name, limit=1)) for name in self.names())
        return {name: results[0] for name, results in found if results}

    def metrics(self, name: str) -> list[str]:
        with self._lock:
            self._flush(rollups=True)
            rows = self._db.execute("SELECT metric FROM series WHERE name = ? ORDER BY metric", (name,)).fetchall()
        return [str(metric) for (metric,) in rows]

    def series(self, name: str, metric: str, *, since: datetime, until: datetime, step_seconds: float) -> list[Bucket]:
        age = (self._clock.now() - since).total_seconds()
        resolution = resolution_for(step_seconds, age)
        if resolution is None:
            return gathered(
                (
                    (result.at.timestamp(), 1, value, value, value)
                    for result in self.results(name, since=since)
                    if result.at is not None and result.at < until
                    for found, value in numbers_of(result)
                    if found == metric
                ),
                step_seconds,
            )
        with self._lock:
            self._flush(rollups=True)
            rows = self._db.execute(
                "SELECT bucket * step, n, total, low, high FROM rollup JOIN series ON series.id = rollup.series "
                "WHERE name = ? AND metric = ? AND step = ? AND bucket >= ? AND bucket < ?",
                (
                    name,
                    metric,
                    resolution,
                    bucket_of(since.timestamp(), resolution),
                    bucket_of(until.timestamp() + resolution - 1e-6, resolution),
                ),
            ).fetchall()
        return gathered(rows, max(step_seconds, resolution))

    def add_event(self, event: Event) -> None:
        values = (
            event.at.timestamp(), event.kind.value, event.subject, event.title, event.who, json.dumps(dict(event.body)),
        )  # fmt: skip
        with self._lock:
            self._durably("INSERT INTO event (at, kind, subject, title, who, body) VALUES (?, ?, ?, ?, ?, ?)", values)
            self._db.execute("DELETE FROM event WHERE place <= (SELECT max(place) FROM event) - ?", (DEFAULT_EVENTS,))

    def events(
        self,
        *,
        kinds: Iterable[EventKind] = (),
        subject: str | None = None,
        since: datetime | None = None,
        limit: int | None = None,
    ) -> list[Event]:
        wanted = [kind.value for kind in kinds]
        with self._lock:
            rows = self._db.execute(
                "SELECT at, kind, subject, title, who, body FROM event "
                "WHERE (? OR kind IN (SELECT value FROM json_each(?))) AND (? OR subject = ?) AND at >= ? "
                "ORDER BY place DESC LIMIT ?",
                (
                    not wanted,
                    json.dumps(wanted),
                    subject is None,
                    subject or "",
                    since.timestamp() if since else -1e18,
                    -1 if limit is None else max(0, limit),
                ),
            ).fetchall()
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
        with self._lock:
            place = self._durably(
                "INSERT INTO delivery (channel, body, attempts, error, dead) VALUES (?, ?, 0, '', 0)",
                (channel, alert.to_json(indent=None)),
            )
        return Delivery(delivery_id=place, channel=channel, alert=alert)

    def deliveries(self, channel: str | None = None, *, dead: bool = False) -> list[Delivery]:
        with self._lock:
            rows = self._db.execute(
                "SELECT id, channel, body, attempts, error FROM delivery WHERE dead = ? AND (? OR channel = ?) "
                "ORDER BY id",
                (dead, channel is None, channel or ""),
            ).fetchall()
        return [
            Delivery(
                delivery_id=place,
                channel=to,
                alert=alert_from(json.loads(body)),
                attempts=attempts,
                error=error,
                dead=dead,
            )
            for place, to, body, attempts, error in rows
        ]

    def mark(self, delivery_id: int, *, attempts: int, error: str, dead: bool) -> None:
        with self._lock:
            self._db.execute(
                "UPDATE delivery SET attempts = ?, error = ?, dead = ? WHERE id = ?",
                (attempts, error, dead, delivery_id),
            )

    def delivered(self, delivery_id: int) -> None:
        with self._lock:
            self._durably("DELETE FROM delivery WHERE id = ?", (delivery_id,))

    def version(self) -> str:
        with self._lock:
            # The first changes when another connection has written, the second when this one has.
            return f"{self._db.execute('PRAGMA data_version').fetchone()[0]}.{self._db.total_changes}"

    def forget(self, name: str) -> None:
        with self._lock:
            self._flush(rollups=True)
            self._db.execute("DELETE FROM result WHERE name = ?", (name,))
            self._db.execute("DELETE FROM state WHERE name = ?", (name,))
            self._db.execute("DELETE FROM rollup WHERE series IN (SELECT id FROM series WHERE name = ?)", (name,))
            self._db.execute("DELETE FROM series WHERE name = ?", (name,))
            self._series = {key: kept for key, kept in self._series.items() if key[0] != name}

    def flush(self) -> None:
        with self._lock:
            self._flush(rollups=True)

    def close(self) -> None:
        with self._lock:
            self._flush(rollups=True)
            self._db.close()

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
        rows = [
            (self._series_of(name, metric), step, bucket, *sums)
            for (name, metric, step, bucket), sums in rolling.items()
        ]
        self._db.executemany(_ROLL_UP, rows)

    def _series_of(self, name: str, metric: str) -> int:
        known = self._series.get((name, metric))
        if known is None:
            self._db.execute("INSERT OR IGNORE INTO series (name, metric) VALUES (?, ?)", (name, metric))
            row = self._db.execute("SELECT id FROM series WHERE name = ? AND metric = ?", (name, metric)).fetchone()
            known = self._series[name, metric] = int(row[0])
        return known

    def _durably(self, sql: str, values: tuple[Any, ...]) -> int:
        """Execute one statement that is on the disk when it returns; return the id of the row that it added."""
        self._db.execute("PRAGMA synchronous=FULL")
        try:
            return int(self._db.execute(sql, values).lastrowid or 0)
        finally:
            self._db.execute("PRAGMA synchronous=NORMAL")

    def _flush(self, *, rollups: bool = False) -> None:
        now = self._clock.monotonic()
        self._flushed_at = now
        rollups = bool(self._rolling) and (rollups or now - self._rolled_at >= ROLLUP_SECONDS)
        if not self._pending and not self._pending_states and not rollups:
            return
        # Taken before they are written: rows that a full disk refuses are given up, memory stays bounded.
        rows, self._pending = self._pending, []
        states, self._pending_states = self._pending_states, {}
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.executemany("INSERT INTO result VALUES (?, ?, ?, ?, ?, ?)", rows)
            self._db.executemany(
                "INSERT INTO state VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET body = excluded.body",
                list(states.items()),
            )
            for name, metric in self._new_series:  # others see at once that there is such a check
                self._series_of(name, metric)
            self._new_series.clear()
            if rollups:
                self._write_rollups()
            for row in rows:
                self._since_prune[row[0]] = self._since_prune.get(row[0], 0) + 1
            full = [name for name, count in self._since_prune.items() if count * 10 >= self._per_check]
            for name in full:
                self._bound(name)
            if now - self._pruned_at >= PRUNE_SECONDS:
                self._pruned_at = now
                oldest = (self._clock.now() - self._retention).timestamp()
                self._db.execute("DELETE FROM result WHERE at < ?", (oldest,))
                for step, kept in KEPT_SECONDS.items():
                    first = bucket_of(self._clock.now().timestamp() - kept, step)
                    self._db.execute("DELETE FROM rollup WHERE step = ? AND bucket < ?", (step, first))
            self._db.execute("COMMIT")
        except BaseException:
            self._series.clear()  # ids that were given in what is rolled back
            self._db.execute("ROLLBACK")
            raise

    def _bound(self, name: str) -> None:
        """Drop the oldest results of one check; done each time a tenth of the bound has been added."""
        self._since_prune.pop(name)
        self._db.execute(
            "DELETE FROM result WHERE name = ? AND rowid NOT IN "
            "(SELECT rowid FROM result WHERE name = ? ORDER BY at DESC, rowid DESC LIMIT ?)",
            (name, name, self._per_check),
        )


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
