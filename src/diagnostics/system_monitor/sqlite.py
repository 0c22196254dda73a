"""SQLite: size, free pages, journal, locks, integrity, migrations and plans, through a connection that cannot write."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from diagnostics.model.observation import FailureKind, Observation, Observations, Unit
from diagnostics.runtime.clock import Clock
from diagnostics.system_monitor.postgres.readings import failure, reading
from diagnostics.system_monitor.postgres.text import redact_sql

BUSY_SECONDS = 0.1
SECONDS = 2.0
_STEPS = 10_000
"""Instructions of SQLite's machine between two looks at the clock."""
_QUICK_CHECK_BYTES = 64 << 20
_MOST_TABLES = 50
_SCAN = re.compile(r"^SCAN (?:TABLE )?(\S+)")
_SETTINGS = ("journal_mode", "synchronous", "foreign_keys", "auto_vacuum", "page_size", "wal_autocheckpoint")


@dataclass(frozen=True, slots=True)
class SqliteProbe:
    """Looks at one database file.

    Attributes:
        path: The file; an in-memory database cannot be seen from another connection.
    """

    path: str

    @property
    def name(self) -> str:
        return "sqlite.connect"

    @property
    def deadline_seconds(self) -> float:
        return 2 * SECONDS

    def observe(self, clock: Clock) -> Iterator[Observation]:
        """Yield the readings of docs/reference/observations.md, section SQLite."""
        if not self.path or self.path == ":memory:" or "mode=memory" in self.path:
            message = "a database in memory is seen by its own connection only"
            yield failure(self.name, FailureKind.UNSUPPORTED, message, clock.now())
            return
        started = clock.monotonic()
        try:
            connection = _open(self.path, clock)
        except (sqlite3.Error, OSError) as error:
            yield failure(self.name, _kind(error), str(error), clock.now(), file=Path(self.path).name)
            return
        file = Path(self.path).name
        try:
            try:
                connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            except sqlite3.Error as error:
                yield failure(self.name, _kind(error), str(error), clock.now(), file=file)
                return
            elapsed = clock.monotonic() - started
            yield from reading(self.name, elapsed, Unit.SECONDS, clock.now(), "SELECT", file=file)
            try:
                yield from _pages(connection, self.path, file, clock)
                yield from _schema(connection, file, clock)
            except sqlite3.Error as error:
                yield failure("sqlite.size", _kind(error), str(error), clock.now(), file=file)
        finally:
            connection.close()


def _open(path: str, clock: Clock) -> sqlite3.Connection:
    name = path.removeprefix("file:").partition("?")[0]
    connection = sqlite3.connect(
        f"file:{quote(str(Path(name).absolute()))}?mode=ro", uri=True, timeout=BUSY_SECONDS, isolation_level=None
    )
    ends = clock.monotonic() + SECONDS
    connection.set_progress_handler(lambda: int(clock.monotonic() > ends), _STEPS)
    connection.execute("PRAGMA query_only = on")
    return connection


def _kind(error: Exception) -> FailureKind:
    text = str(error)
    if "locked" in text or "busy" in text or "interrupted" in text:
        return FailureKind.TIMEOUT
    if "unable to open" in text:
        return FailureKind.NOT_FOUND
    if "malformed" in text or "not a database" in text:
        return FailureKind.PROTOCOL
    return FailureKind.FORBIDDEN if isinstance(error, PermissionError) or "readonly" in text else FailureKind.PROTOCOL


def _pages(connection: sqlite3.Connection, path: str, file: str, clock: Clock) -> Iterator[Observation]:
    def ask(pragma: str) -> object:
        row = connection.execute(f"PRAGMA {pragma}").fetchone()
        return row[0] if row else None

    at = clock.now()
    pages, free, size = (int(str(ask(name) or 0)) for name in ("page_count", "freelist_count", "page_size"))
    yield from reading("sqlite.size", pages * size, Unit.BYTES, at, "PRAGMA page_count", file=file)
    share = free / pages if pages else 0.0
    yield from reading("sqlite.free_ratio", share, Unit.RATIO, at, "PRAGMA freelist_count", file=file)
    for extra in ("wal", "journal"):
        try:
            length = os.stat(f"{path}-{extra}").st_size  # noqa: PTH116 - a name that Path would not build
        except OSError:
            continue
        yield from reading(f"sqlite.{extra}_size", length, Unit.BYTES, at, f"-{extra}", file=file)
    for name in _SETTINGS:
        value = ask(name)
        number = float(value) if isinstance(value, int | float) else 0.0
        yield from reading(
            "sqlite.setting", number, Unit.COUNT, at, "PRAGMA", file=file, setting=name, value=str(value)
        )
    if pages * size <= _QUICK_CHECK_BYTES:
        said = [str(row[0]) for row in connection.execute("PRAGMA quick_check(5)")]
        intact = said == ["ok"]
        yield from reading(
            "sqlite.intact", intact, Unit.BOOLEAN, clock.now(), "PRAGMA quick_check", file=file, says="; ".join(said)
        )


def _schema(connection: sqlite3.Connection, file: str, clock: Clock) -> Iterator[Observation]:
    at = clock.now()
    tables = [str(row[0]) for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table, statement in (
        ("alembic_version", "SELECT version_num FROM alembic_version"),
        ("django_migrations", "SELECT app || '.' || name FROM django_migrations ORDER BY id DESC LIMIT 1"),
    ):
        if table in tables:
            found = [str(row[0]) for row in connection.execute(statement)]
            revision = ", ".join(found)
            yield from reading("sqlite.revision", 1, Unit.BOOLEAN, at, table, file=file, revision=revision, table=table)
    for table in tables[:_MOST_TABLES]:
        quoted = '"' + table.replace('"', '""') + '"'
        indexed = {
            str(column[2])
            for index in connection.execute(f"PRAGMA index_list({quoted})").fetchall()
            for column in connection.execute(f'PRAGMA index_info("{index[1]}")').fetchall()[:1]
        }
        keys = {str(row[1]) for row in connection.execute(f"PRAGMA table_info({quoted})") if row[5] == 1}
        for key in connection.execute(f"PRAGMA foreign_key_list({quoted})").fetchall():
            column = str(key[3])
            if column not in indexed and column not in keys:
                yield from reading(
                    "sqlite.foreign_key_without_index",
                    1,
                    Unit.BOOLEAN,
                    at,
                    "PRAGMA foreign_key_list",
                    file=file,
                    table=table,
                    column=column,
                    references=str(key[2]),
                )


def explain_sqlite(path: str, query: str, clock: Clock) -> Observations:
    """Return which tables a statement reads whole: ``sqlite.explain.scan{query,table}``; it is planned, never run."""
    shown = redact_sql(query)
    try:
        connection = _open(path, clock)
    except (sqlite3.Error, OSError) as error:
        return Observations([failure("sqlite.explain", _kind(error), str(error), clock.now(), query=shown)])
    try:
        count = query.count("?")
        rows = connection.execute(f"EXPLAIN QUERY PLAN {query}", (None,) * count).fetchall()
        names = {str(row[0]) for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error as error:
        return Observations([failure("sqlite.explain", _kind(error), str(error), clock.now(), query=shown)])
    finally:
        connection.close()
    found: list[Observation] = []
    for row in rows:
        match = _SCAN.match(str(row[3]))
        if match is not None and "USING" not in str(row[3]):
            table = match[1]
            labels = {"query": shown, "table": table, "known": str(table in names).lower()}
            found += reading("sqlite.explain.scan", 1, Unit.BOOLEAN, clock.now(), "EXPLAIN QUERY PLAN", **labels)
    return Observations(found)
