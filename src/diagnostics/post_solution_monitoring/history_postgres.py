"""History in PostgreSQL, for a service that runs on many machines; in a schema of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from diagnostics.errors import DiagnosticsError, MissingExtraError
from diagnostics.post_solution_monitoring.history_sql import SCHEMA, Row, SqlHistory

SCHEMA_NAME = "diagnostics"
SCHEMA_VERSION = 1
CONNECT_SECONDS = 3
_ONE_AT_A_TIME = 0x64696167_68697374
"""Key of the advisory lock under which the tables are made: two that do so at once would disturb each other."""


class PostgresHistory(SqlHistory):
    """Keeps everything in the schema ``diagnostics`` of a database; a broken session is opened anew at the next call.

    While the database is away every call raises, at once or after ``CONNECT_SECONDS``; the monitor goes on watching
    and telling, and says that its history is not kept.

    Args:
        url: libpq's URL; SQLAlchemy's (``postgresql+psycopg://``) is understood too.
        bounds: ``retention_days``, ``results_per_check``, ``max_alerts`` and ``clock`` of ``SqlHistory``.

    Raises:
        MissingExtraError: The extra ``postgres`` is not installed.
        DiagnosticsError: A newer release made the tables.
    """

    def __init__(self, url: str, **bounds: Any) -> None:
        super().__init__(**bounds)
        try:
            import psycopg  # noqa: F401 - only whether it is there
        except ImportError as error:
            raise MissingExtraError("postgres", needed_for="a history in PostgreSQL") from error
        head, sep, rest = url.partition("://")
        self._url = head.partition("+")[0] + sep + rest
        self._session: Any = None
        self._connect()

    def _connect(self) -> Any:
        if self._session is not None and not self._session.closed:
            return self._session
        import psycopg

        self._series.clear()
        session: Any = psycopg.connect(
            self._url,
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
            application_name="diagnostics-history",
            options=f"-c search_path={SCHEMA_NAME} -c statement_timeout=10000 -c lock_timeout=5000",
        )
        try:
            self._prepare(session)
        except BaseException:
            session.close()
            raise
        self._session = session
        return session

    def _prepare(self, session: Any) -> None:
        with session.transaction():
            session.execute("SELECT pg_advisory_xact_lock(%s)", (_ONE_AT_A_TIME,))
            session.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA_NAME}")
            session.execute("CREATE TABLE IF NOT EXISTS format (version INTEGER NOT NULL)")
            session.execute("CREATE TABLE IF NOT EXISTS change (n BIGINT NOT NULL)")
            found = session.execute("SELECT version FROM format").fetchone()
            if found is not None and found[0] > SCHEMA_VERSION:
                raise DiagnosticsError(
                    f"This history has format {found[0]}, and this release knows {SCHEMA_VERSION}.",
                    hint="Use a newer release, or another database.",
                )
            if found is None:
                session.execute(
                    SCHEMA.format(rowid="rowid BIGSERIAL, ", serial="BIGSERIAL PRIMARY KEY", keyed="").encode()
                )
                session.execute("INSERT INTO format VALUES (%s)", (SCHEMA_VERSION,))
                session.execute("INSERT INTO change VALUES (0)")

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        import psycopg

        session = self._connect()
        try:
            yield session
        except psycopg.OperationalError:
            if session.broken:
                with suppress(Exception):
                    session.close()
            raise

    def _rows(self, sql: str, values: Row = ()) -> list[Row]:
        with self._connected() as session:
            cursor = session.execute(sql.replace("?", "%s"), tuple(values))
            return list(cursor.fetchall()) if cursor.description is not None else []

    def _many(self, sql: str, rows: Iterable[Row]) -> None:
        kept = list(rows)
        if kept:
            with self._connected() as session, session.cursor() as cursor:
                cursor.executemany(sql.replace("?", "%s"), kept)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._connected() as session, session.transaction():
            yield
            session.execute("UPDATE change SET n = n + 1")

    @contextmanager
    def _durable(self) -> Iterator[None]:
        with self._transaction():
            yield

    def _version(self) -> str:
        ((n,),) = self._rows("SELECT n FROM change")
        return str(n)

    def _close(self) -> None:
        if self._session is not None:
            self._session.close()
