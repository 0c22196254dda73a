"""Sessions in PostgreSQL, for a team that shares them; in a schema of its own beside the monitor's history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from diagnostics.errors import DiagnosticsError, MissingExtraError
from diagnostics.runtime.redaction import redact

SCHEMA_NAME = "diagnostics"
SCHEMA_VERSION = 1
CONNECT_SECONDS = 3
_ONE_AT_A_TIME = 0x64696167_73657373
"""Key of the advisory lock under which the tables are made: two that do so at once would disturb each other."""

_TABLES = (
    "CREATE TABLE session_format (version INTEGER NOT NULL)",
    (
        "CREATE TABLE session (rowid BIGSERIAL, id TEXT PRIMARY KEY, status TEXT NOT NULL, created_at TEXT NOT NULL, "
        "updated_at TEXT NOT NULL, title TEXT NOT NULL, document TEXT NOT NULL)"
    ),
    "CREATE INDEX session_updated ON session (updated_at DESC)",
)


def is_url(where: str) -> bool:
    """Return whether this names a PostgreSQL and not a file.

    Example:
        >>> is_url("postgresql://db/app"), is_url("/var/lib/app/sessions.db")
        (True, False)
    """
    return where.startswith(("postgresql://", "postgres://", "postgresql+"))


class StoreError(DiagnosticsError):
    """The store cannot be read or written; it is never deleted or repaired silently."""

    code = "DIAG-0311"


class PostgresSessions:
    """Opens a connection for each transaction, as the file does: sessions are written some times a minute at most."""

    def __init__(self, url: str) -> None:
        try:
            import psycopg  # noqa: F401 - only whether it is there
        except ImportError as error:
            raise MissingExtraError("postgres", needed_for="sessions in PostgreSQL") from error
        head, sep, rest = url.partition("://")
        self._url = head.partition("+")[0] + sep + rest
        parts = urlsplit(self._url)
        self.place = f"postgresql://{parts.netloc.rpartition('@')[2]}{parts.path}"

    @contextmanager
    def opened(self, *, create: bool) -> Iterator[Execute | None]:
        """Yield what executes statements within one transaction; None when there is no store yet and none is to be made.

        Raises:
            StoreError: The database cannot be used, or a newer release made the tables.
        """
        import psycopg

        try:
            with psycopg.connect(
                self._url,
                connect_timeout=CONNECT_SECONDS,
                application_name="diagnostics-sessions",
                options=f"-c search_path={SCHEMA_NAME} -c statement_timeout=10000 -c lock_timeout=5000",
            ) as session:
                yield Execute(session) if self._is_ready(session, create=create) else None
        except psycopg.Error as error:
            said = " ".join(redact(str(error)).split())
            raise StoreError(f"The session store {self.place} cannot be used: {said}.") from error

    def _is_ready(self, session: Any, *, create: bool) -> bool:
        found = session.execute("SELECT to_regclass(%s)", (f"{SCHEMA_NAME}.session_format",)).fetchone()[0]
        if found is None:
            if not create:
                return False
            session.execute("SELECT pg_advisory_xact_lock(%s)", (_ONE_AT_A_TIME,))
            session.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA_NAME}")
            if session.execute("SELECT to_regclass(%s)", (f"{SCHEMA_NAME}.session_format",)).fetchone()[0] is None:
                for statement in _TABLES:
                    session.execute(statement)
                session.execute("INSERT INTO session_format VALUES (%s)", (SCHEMA_VERSION,))
        version = session.execute("SELECT version FROM session_format").fetchone()[0]
        if version != SCHEMA_VERSION:
            raise StoreError(
                f"The session store {self.place} has version {version}; this release knows {SCHEMA_VERSION}.",
                hint="Update ultimate-diagnostics, or choose another store.",
            )
        return True


class Execute:
    """A connection with the one method that the store needs, and its way to mark values."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def execute(self, sql: str, values: Sequence[object] = ()) -> Any:
        """Execute a statement whose values are marked by ``?``."""
        return self._session.execute(sql.replace("?", "%s"), tuple(values))
