"""A read-only session that asks little, waits for nobody and cannot hang."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from diagnostics.errors import MissingExtraError
from diagnostics.model.observation import FailureKind
from diagnostics.runtime.clock import Clock
from diagnostics.runtime.http import ConnectError, Resolved, connect_tcp, resolve
from diagnostics.system_monitor.postgres.classify import (
    Cause,
    classify_connect_error,
    classify_statement_error,
)
from diagnostics.system_monitor.postgres.queries import load
from diagnostics.system_monitor.postgres.url import DatabaseAddress

APPLICATION = "diagnostics"
MARK = "/*diagnostics*/"
DNS_SECONDS = 3.0
TCP_SECONDS = 3.0
STARTUP_SECONDS = 4
SHORTEST_SECRET = 4
# Our guards. What the application's sessions have is still in pg_settings.reset_val.
GUARDS = {
    "default_transaction_read_only": "on",
    "statement_timeout": "2s",
    "lock_timeout": "100ms",
    "idle_in_transaction_session_timeout": "10s",
    "jit": "off",
}


class StatementError(Exception):
    """A statement failed; ``kind`` and ``sqlstate`` say how."""

    def __init__(self, message: str, *, kind: FailureKind, sqlstate: str, lost: bool) -> None:
        super().__init__(message)
        self.kind = kind
        self.sqlstate = sqlstate
        self.lost = lost


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressFailure:
    """One address that did not answer."""

    host: str
    port: int
    address: str
    kind: FailureKind
    message: str
    errno: int | None
    elapsed: float


class ConnectFailedError(Exception):
    """No session; ``cause`` says why, ``attempts`` what each address answered."""

    def __init__(self, message: str, *, cause: Cause, attempts: Sequence[AddressFailure], elapsed: float) -> None:
        super().__init__(message)
        self.cause = cause
        self.attempts = tuple(attempts)
        self.elapsed = elapsed
        self.host = ""
        self.port = 0
        self.errno: int | None = None


class Session:
    """One connection in autocommit; every row is a dict.

    A watchdog cuts the line after ``lifetime_seconds``: a frozen server would otherwise keep us for ever.
    """

    def __init__(self, connection: Any, *, clock: Clock, lifetime_seconds: float) -> None:
        self._connection = connection
        self._clock = clock
        self._dies_at = clock.monotonic() + lifetime_seconds
        self._watchdog = threading.Timer(lifetime_seconds, self._cut)
        self._watchdog.daemon = True
        self._watchdog.start()
        self.cut = False
        self.host = ""
        self.port = 0
        self.address = ""
        self.elapsed = 0.0
        self.attempts: tuple[AddressFailure, ...] = ()
        self.statements = 0
        self.version = 0
        self.backend_pid = 0
        self.pooled = False

    def renew(self, lifetime_seconds: float) -> None:
        """Live so long from now on, after a rest."""
        self._watchdog.cancel()
        self._dies_at = self._clock.monotonic() + lifetime_seconds
        self._watchdog = threading.Timer(lifetime_seconds, self._cut)
        self._watchdog.daemon = True
        self._watchdog.start()

    def rest(self) -> None:
        """Stop the watchdog while nothing is asked; ``renew`` before the next question."""
        self._watchdog.cancel()

    def prepare(self) -> None:
        """Learn where we are and put up our guards."""
        row = self._fetch("SELECT pg_backend_pid() AS pid, current_setting('server_version_num')::int AS version", ())[
            0
        ]
        self.backend_pid, self.version = row["pid"], row["version"]
        # PgBouncer hands out keys of its own: then our settings must not stay behind in somebody
        # else's session.
        self.pooled = self._connection.info.backend_pid != self.backend_pid
        if not self.pooled:
            self._run("; ".join(f"SET {MARK} {name} = '{value}'" for name, value in GUARDS.items()))

    @property
    def remaining_seconds(self) -> float:
        """Return how long the session may still live."""
        return max(0.0, self._dies_at - self._clock.monotonic())

    def query(self, name: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[dict[str, Any]]:
        """Return the rows of a query of ours, picked for the server's version.

        Raises:
            StatementError: The server refused or did not answer in time.
        """
        return self.rows(self.text(name), parameters)

    def text(self, name: str) -> str:
        """Return the text of a query of ours for the server's version."""
        return load(name, self.version)

    def rows(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[dict[str, Any]]:
        """Return the rows of one statement.

        Raises:
            StatementError: The server refused or did not answer in time.
        """
        if not self.pooled:
            return self._fetch(sql, parameters)
        guards = "; ".join(
            f"SET LOCAL {MARK} {name} = '{value}'" for name, value in GUARDS.items() if name[:7] != "default"
        )
        self._run(f"BEGIN READ ONLY; {guards}")
        try:
            return self._fetch(sql, parameters)
        finally:
            with contextlib.suppress(StatementError):
                self._run("ROLLBACK")

    def command(self, sql: str) -> None:
        """Run a statement without rows; not for pooled sessions, where it could stay behind.

        Raises:
            StatementError: The server refused.
        """
        self._run(sql)

    def _run(self, sql: str) -> None:
        with self._translated():
            self._connection.execute(sql)
            self.statements += 1

    def _fetch(self, sql: str, parameters: Sequence[Any] | dict[str, Any]) -> list[dict[str, Any]]:
        with self._translated():
            # The mark lets us leave ourselves out of pg_stat_statements.
            cursor = self._connection.execute(sql.replace("SELECT", f"SELECT {MARK}", 1), parameters or None)
            self.statements += 1
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        psycopg = import_psycopg()
        try:
            yield
        except psycopg.Error as error:
            if self.cut:
                message = "the server did not answer in time; the connection was cut"
                raise StatementError(message, kind=FailureKind.TIMEOUT, sqlstate="", lost=True) from error
            state = error.sqlstate or ""
            text = error.diag.message_primary or str(error) or type(error).__name__
            kind = classify_statement_error(state, text)
            raise StatementError(text, kind=kind, sqlstate=state, lost=bool(self._connection.closed)) from error

    def _cut(self) -> None:
        self.cut = True
        # Closing from another thread would race with libpq; ending the stream makes its read return.
        with contextlib.suppress(Exception), socket.socket(fileno=self._dup()) as line:
            line.shutdown(socket.SHUT_RDWR)

    def _dup(self) -> int:
        import os

        return os.dup(self._connection.fileno())

    def close(self) -> None:
        """End the session."""
        self._watchdog.cancel()
        with contextlib.suppress(Exception):
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def import_psycopg() -> Any:
    """Return the driver.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        import psycopg
    except ImportError as error:
        raise MissingExtraError("postgres", needed_for="Looking into PostgreSQL") from error
    return psycopg


def open_session(address: DatabaseAddress, clock: Clock, *, lifetime_seconds: float = 12.0) -> Session:
    """Connect phase by phase, trying every address of every host.

    Raises:
        ConnectFailedError: Nobody gave us a session.
        MissingExtraError: psycopg is not installed.
    """
    import_psycopg()
    started = clock.monotonic()
    attempts: list[AddressFailure] = []
    last: ConnectFailedError | None = None
    for host, port in address.hosts:
        try:
            places = _places(address, host, port, clock)
        except ConnectError as error:
            cause = Cause(kind=error.kind, phase="dns")
            last = _failed(str(error), cause, attempts, clock.monotonic() - started, host, port, error.errno)
            continue
        for place in places:
            try:
                session = _start(address, host, port, place, clock, lifetime_seconds)
            except ConnectError as error:
                text = f"{place.address or host}:{port}: {error}"
                attempts.append(
                    AddressFailure(
                        host=host,
                        port=port,
                        address=place.address or host,
                        kind=error.kind,
                        message=text,
                        errno=error.errno,
                        elapsed=error.elapsed,
                    )
                )
                cause = Cause(kind=error.kind, phase="tcp")
                last = _failed(text, cause, attempts, clock.monotonic() - started, host, port, error.errno)
                continue
            except ConnectFailedError as error:
                error.attempts, error.elapsed = tuple(attempts), clock.monotonic() - started
                error.host, error.port = host, port
                last = error
                continue
            session.host, session.port, session.address = host, port, place.address
            session.elapsed, session.attempts = clock.monotonic() - started, tuple(attempts)
            return session
    if last is None:
        last = _failed("no address", Cause(kind=FailureKind.DNS_NOT_FOUND, phase="dns"), attempts, 0.0, "", 0, None)
    raise last


def _failed(
    text: str,
    cause: Cause,
    attempts: Sequence[AddressFailure],
    elapsed: float,
    host: str,
    port: int,
    errno: int | None,
) -> ConnectFailedError:
    error = ConnectFailedError(text, cause=cause, attempts=attempts, elapsed=elapsed)
    error.host, error.port, error.errno = host, port, errno
    return error


def _places(address: DatabaseAddress, host: str, port: int, clock: Clock) -> list[Resolved]:
    if host.startswith(("/", "@")):
        return [Resolved(family=int(socket.AF_UNIX), address="", port=port)]
    numeric = address.parameters.get("hostaddr", "")
    return resolve(numeric or host, port, clock, timeout=DNS_SECONDS)


def _start(
    address: DatabaseAddress, host: str, port: int, place: Resolved, clock: Clock, lifetime_seconds: float
) -> Session:
    psycopg = import_psycopg()
    options: dict[str, Any] = dict(address.parameters)
    if place.address:
        # A plain TCP connection first: its error is exact, libpq's is a sentence.
        connect_tcp(place, clock, timeout=TCP_SECONDS).close()
        options["hostaddr"] = place.address
    options |= {
        "host": host,
        "port": port,
        "dbname": address.database or "postgres",
        "application_name": APPLICATION,
    }
    options |= {"connect_timeout": STARTUP_SECONDS}
    if address.user:
        options["user"] = address.user
    if address.password is not None:
        options["password"] = address.password
    try:
        connection = psycopg.connect("", autocommit=True, prepare_threshold=None, **options)
    except psycopg.Error as error:
        text = _own_words(str(error), address)
        raise ConnectFailedError(text, cause=classify_connect_error(text), attempts=(), elapsed=0.0) from error
    session = Session(connection, clock=clock, lifetime_seconds=lifetime_seconds)
    try:
        session.prepare()
    except StatementError as error:
        session.close()
        cause = Cause(kind=error.kind, sqlstate=error.sqlstate, phase="startup")
        raise ConnectFailedError(str(error), cause=cause, attempts=(), elapsed=0.0) from error
    return session


def _own_words(text: str, address: DatabaseAddress) -> str:
    # libpq does not show passwords; a short one would only tear other words apart.
    if address.password and len(address.password) >= SHORTEST_SECRET:
        text = text.replace(address.password, "***")
    return text.strip() or "the connection failed without a reason"
