"""Does the database answer? Asked on a connection of its own, so that an exhausted pool is not made worse."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from diagnostics.errors import ConfigurationError
from diagnostics.model.health import CheckResult, CheckState
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

CONNECT_SECONDS = 5
STATEMENT_SECONDS = 5
SLOW_SECONDS = 1.0
_APPLICATION = "diagnostics-monitor"

_CONNECT_ARGS: dict[str, dict[str, Any]] = {
    "psycopg": {"connect_timeout": CONNECT_SECONDS, "application_name": _APPLICATION},
    "psycopg2": {"connect_timeout": CONNECT_SECONDS, "application_name": _APPLICATION},
    "asyncpg": {"timeout": CONNECT_SECONDS, "command_timeout": STATEMENT_SECONDS},
    "pg8000": {"timeout": CONNECT_SECONDS, "application_name": _APPLICATION},
    "pymysql": {"connect_timeout": CONNECT_SECONDS, "read_timeout": STATEMENT_SECONDS},
    "mysqldb": {"connect_timeout": CONNECT_SECONDS, "read_timeout": STATEMENT_SECONDS},
    "aiomysql": {"connect_timeout": CONNECT_SECONDS},
    "asyncmy": {"connect_timeout": CONNECT_SECONDS},
}


class DatabaseAnswers:
    """A check function: one short connection each time, with timeouts, by the application's own driver.

    Args:
        engine: ``Engine``, ``AsyncEngine`` or URL. Its URL is used, and its pool is left alone. Where the URL
            does not suffice (the engine was made with ``connect_args`` or a ``creator``), a connection is
            made the engine's way, but never taken from its pool.
        clock: Measures the answer.
    """

    def __init__(self, engine: Any, *, clock: Clock = SYSTEM_CLOCK) -> None:
        from sqlalchemy import make_url

        sync = getattr(engine, "sync_engine", engine)
        self._is_async = sync is not engine
        self._engine: Engine | None = None if isinstance(engine, str) else sync
        self._clock = clock
        self._own: Engine | None = None
        try:
            self._url: URL = make_url(getattr(sync, "url", engine))
        except Exception as error:
            raise ConfigurationError(
                f"db_engine must be an SQLAlchemy Engine, AsyncEngine or URL, not {type(engine).__name__}."
            ) from error
        self._is_sqlite = self._url.get_backend_name() == "sqlite"

    def __call__(self) -> CheckResult | Awaitable[CheckResult]:
        if self._is_async and not self._is_sqlite:
            return self._ask_async()
        return self._ask()

    def _ask(self) -> CheckResult:
        began = self._clock.monotonic()
        try:
            with self._own_engine().connect() as connection:
                _select_one(connection)
        except Exception as error:  # noqa: BLE001 - whatever the driver raises is the answer to the question
            took = self._clock.monotonic() - began
            if took > SLOW_SECONDS or not self._is_reached_like_the_application_does():
                return _failed(error, took)
        return _answered(self._clock.monotonic() - began)

    def _is_reached_like_the_application_does(self) -> bool:
        """Make one connection as the application makes its own: its URL may not be all that it needs."""
        if self._engine is None or self._is_async:
            return False
        fresh = self._engine.pool.recreate()  # the same way to connect, and no connection in common
        try:
            connection = fresh.connect()
            try:
                raw: Any = connection.dbapi_connection
                return bool(self._engine.dialect.do_ping(raw))
            finally:
                connection.invalidate()
        except Exception:  # noqa: BLE001 - the first error is the one to report
            return False
        finally:
            fresh.dispose()

    def _own_engine(self) -> Engine:
        if self._own is None:
            from sqlalchemy import create_engine
            from sqlalchemy.pool import NullPool

            if self._is_sqlite and self._url.database in (None, "", ":memory:"):
                assert self._engine is not None
                return self._engine  # a database in memory exists on the engine's own connection only
            url, arguments = _short(self._url)
            self._own = create_engine(url, poolclass=NullPool, connect_args=arguments)
        return self._own

    async def _ask_async(self) -> CheckResult:
        from sqlalchemy.ext.asyncio import create_async_engine
        from sqlalchemy.pool import NullPool

        began = self._clock.monotonic()
        url, arguments = _short(self._url)
        engine = create_async_engine(url, poolclass=NullPool, connect_args=arguments)
        try:
            async with engine.connect() as connection:
                await connection.run_sync(_select_one)
        except Exception as error:  # noqa: BLE001 - whatever the driver raises is the answer to the question
            return _failed(error, self._clock.monotonic() - began)
        finally:
            await engine.dispose()
        return _answered(self._clock.monotonic() - began)


def _short(url: URL) -> tuple[URL, dict[str, Any]]:
    """Return the URL and arguments for a connection that gives up soon."""
    if url.get_backend_name() == "sqlite":
        # Read-only: connecting the plain way would create a database that is missing.
        database = f"file:{url.database}?mode=ro"
        return url.set(drivername="sqlite", database=database, query={"uri": "true"}), {"timeout": 2.0}
    return url, _CONNECT_ARGS.get(url.get_driver_name(), {})


def _select_one(connection: Connection) -> None:
    from sqlalchemy import text

    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL statement_timeout = {1000 * STATEMENT_SECONDS}"))
    connection.execute(text("SELECT 1")).scalar_one()


def _answered(seconds: float) -> CheckResult:
    slow = seconds > SLOW_SECONDS
    return CheckResult(
        state=CheckState.WARN if slow else CheckState.PASS,
        detail=f"connected and answered in {1000 * seconds:.0f} ms",
        metrics={"db_response_time_ms": 1000 * seconds},
    )


def _failed(error: BaseException, seconds: float) -> CheckResult:
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    original = getattr(error, "orig", None) or error
    lines = str(original).strip().splitlines()
    detail = f"{type(original).__name__}: {lines[0] if lines else 'no reason given'} (after {seconds:.1f} s)"
    broken = isinstance(error, ArgumentError | NoSuchModuleError | ImportError)
    return CheckResult(state=CheckState.UNKNOWN if broken else CheckState.FAIL, detail=detail)
