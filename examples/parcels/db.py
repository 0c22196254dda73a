"""The database: a psycopg2 pool in each worker, SQL by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
from psycopg2.extras import RealDictCursor
from psycopg2.pool import ThreadedConnectionPool

from .settings import Settings

Row = dict[str, Any]


class Database:
    """Connections that are lent for one transaction each."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pool: ThreadedConnectionPool | None = None

    @property
    def pool(self) -> ThreadedConnectionPool:
        """The pool; connected when first needed, for a worker has to boot while the database restarts."""
        if self._pool is None:
            settings = self._settings
            options: dict[str, Any] = {"application_name": "parcels", "connect_timeout": 5}
            if settings.statement_timeout:
                options["options"] = f"-c statement_timeout={round(settings.statement_timeout * 1000)}"
            kept = min(2, settings.pool_size)
            self._pool = ThreadedConnectionPool(
                kept, settings.pool_size, settings.database_url, cursor_factory=RealDictCursor, **options
            )
        return self._pool

    @contextmanager
    def transaction(self) -> Iterator[RealDictCursor]:
        """Commit at the end of the block, roll back when it raises."""
        connection = self.checkout()
        try:
            with connection, connection.cursor() as cursor:
                yield cursor
        finally:
            self.pool.putconn(connection, close=bool(connection.closed))

    def rows(self, query: str, parameters: Any = ()) -> list[Row]:
        """Return what a query finds."""
        with self.transaction() as cursor:
            cursor.execute(query, parameters)
            return list(cursor.fetchall())

    def row(self, query: str, parameters: Any = ()) -> Row | None:
        """Return the first row, if there is one."""
        with self.transaction() as cursor:
            cursor.execute(query, parameters)
            return cursor.fetchone()

    def checkout(self) -> Any:
        """Take a connection out of the pool; one that died in the meantime is replaced."""
        connection = self.pool.getconn()
        if not self._settings.pool_pre_ping:
            return connection
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            connection.rollback()
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            self.pool.putconn(connection, close=True)
            connection = self.pool.getconn()
        return connection

    def close(self) -> None:
        if self._pool is not None and not self._pool.closed:
            self._pool.closeall()
