"""History in one SQLite file, in WAL mode, readable by others while it is written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from diagnostics.errors import DiagnosticsError
from diagnostics.post_solution_monitoring.history_sql import SCHEMA, Row, SqlHistory

SCHEMA_VERSION = 2


class SqliteHistory(SqlHistory):
    """Keeps everything in one file; results and states in batches of a second.

    Args:
        path: The file; made when there is none.
        bounds: ``retention_days``, ``results_per_check``, ``max_alerts`` and ``clock`` of ``SqlHistory``.

    Raises:
        DiagnosticsError: A newer release wrote the file.
    """

    def __init__(self, path: str | Path, **bounds: Any) -> None:
        super().__init__(**bounds)
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
        self._db.executescript(
            SCHEMA.format(rowid="", serial="INTEGER PRIMARY KEY AUTOINCREMENT", keyed=" WITHOUT ROWID")
        )
        self._db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")

    def _rows(self, sql: str, values: Row = ()) -> list[Row]:
        return self._db.execute(sql, tuple(values)).fetchall()

    def _many(self, sql: str, rows: Iterable[Row]) -> None:
        self._db.executemany(sql, rows)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    @contextmanager
    def _durable(self) -> Iterator[None]:
        self._db.execute("PRAGMA synchronous=FULL")
        try:
            yield
        finally:
            self._db.execute("PRAGMA synchronous=NORMAL")

    def _version(self) -> str:
        # The first changes when another connection has written, the second when this one has.
        return f"{self._db.execute('PRAGMA data_version').fetchone()[0]}.{self._db.total_changes}"

    def _close(self) -> None:
        self._db.close()
