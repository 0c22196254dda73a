"""DatabaseMonitor: is the database reachable, how fast, and how is the pool doing?"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from diagnostics.errors import ConfigurationError
from diagnostics.model.observation import Observations
from diagnostics.model.record import Record
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock
from diagnostics.runtime.redaction import redact

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

    from diagnostics.system_monitor.postgres.monitor import PostgresMonitor
    from diagnostics.system_monitor.postgres.pool import PoolNumbers
    from diagnostics.system_monitor.postgres.tree import Blocker

_LOG = logging.getLogger(__name__)
TEST_SECONDS = 5.0
SLOW_MILLISECONDS = 1000.0
FULL_PERCENT = 80.0
HEALTH_WINDOW_SECONDS = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseMetrics(Record):
    """One test of a database.

    Attributes:
        timestamp: ISO 8601, UTC.
        connection_count: Connections that the pool holds (of this process).
        active_connections: Those that are in use.
        idle_connections: Those that wait in the pool.
        query_response_time_ms: Milliseconds to get a connection and one row.
        last_error: Why the test failed, without secrets.
    """

    timestamp: str
    connection_count: int = 0
    active_connections: int = 0
    idle_connections: int = 0
    query_response_time_ms: float = 0.0
    connection_test_success: bool = False
    last_error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolHealth(Record):
    """The pool as a share of what it may hold; ``limit`` -1: without end."""

    total: int
    active: int
    idle: int
    limit: int
    utilization_percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseHealth(Record):
    """What :meth:`DatabaseMonitor.analyze_database_health` found.

    Attributes:
        overall_status: ``healthy``, ``degraded`` (it answers, but see ``alerts``) or ``unhealthy``.
        alerts: In words, with the values seen.
        blocked_sessions: Sessions that wait for a lock; None when it could not be seen.
        idle_in_transaction: Sessions idle in a transaction; None when it could not be seen.
        slots_used_ratio: Client slots in use; None when it could not be seen.
    """

    overall_status: str
    connectivity: bool
    response_time_ms: float
    connection_pool: PoolHealth
    alerts: tuple[str, ...] = ()
    blocked_sessions: int | None = None
    idle_in_transaction: int | None = None
    slots_used_ratio: float | None = None
    metrics: DatabaseMetrics


class DatabaseMonitor:
    """Tests a database through the application's own engine.

    From a coroutine use ``atest_database_connectivity`` and ``aanalyze_database_health``; the plain methods
    block for at most 5 s and 20 s.

    Args:
        logger: A DiagnosticLogger, or None for standard logging.
        engine: SQLAlchemy Engine or AsyncEngine.
        clock: Source of time.
    """

    def __init__(
        self, logger: Any = None, engine: Engine | AsyncEngine | None = None, *, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self.logger = logger
        self.engine = engine
        self._clock = clock
        self._monitor: PostgresMonitor | None = None

    def test_database_connectivity(self) -> DatabaseMetrics:
        """Get a connection from the pool and ask for one row, for at most 5 s.

        The pool of an AsyncEngine belongs to its event loop: it is passed by a direct connection.
        """
        engine = self._engine()
        started = self._clock.monotonic()
        error = _ask_once(engine, self._clock)
        milliseconds = (self._clock.monotonic() - started) * 1000.0
        numbers = self._pool()
        metrics = DatabaseMetrics(
            timestamp=self._clock.now().isoformat(),
            connection_count=numbers.checked_in + numbers.checked_out if numbers else 0,
            active_connections=numbers.checked_out if numbers else 0,
            idle_connections=numbers.checked_in if numbers else 0,
            query_response_time_ms=round(milliseconds, 2),
            connection_test_success=error is None,
            last_error=error,
        )
        _say(self.logger, "database_connectivity", metrics, failed=error is not None)
        return metrics

    def analyze_database_health(self) -> DatabaseHealth:
        """Test the connection and read the pool.

        Of a PostgreSQL server, locks, idle transactions and slots are looked at, too.
        """
        metrics = self.test_database_connectivity()
        numbers = self._pool()
        limit = numbers.limit if numbers else -1
        active = metrics.active_connections
        pool = PoolHealth(
            total=metrics.connection_count,
            active=active,
            idle=metrics.idle_connections,
            limit=limit,
            utilization_percent=round(100.0 * active / limit, 1) if limit > 0 else 0.0,
        )
        seen = self.observe() if metrics.connection_test_success else Observations()
        return assess(metrics, pool, seen)

    def observe(self, *, window_seconds: float = HEALTH_WINDOW_SECONDS) -> Observations:
        """Return what the pool and, for PostgreSQL, the server tell."""
        from diagnostics.system_monitor.postgres.pool import PoolProbe
        from diagnostics.system_monitor.postgres.probe import PostgresProbe

        engine = self._engine()
        found = list(PoolProbe(engine=engine).observe(self._clock))
        url = url_of(engine)
        if url.startswith("postgresql"):
            found.extend(PostgresProbe(url, window_seconds=window_seconds).observe(self._clock))
        return Observations(found)

    def sweep(self, *, complete: bool = False) -> Observations:
        """Look again: pool, sessions, locks, statements, tables; rates are those since the sweep before.

        Of PostgreSQL through one read-only session that stays (:class:`PostgresMonitor`); of SQLite through a read-only
        connection of its own. Cheap enough for every ten seconds.

        Args:
            complete: Ask all slow questions of PostgreSQL now, not one in turn.
        """
        from diagnostics.system_monitor.postgres.pool import PoolProbe

        engine = self._engine()
        found = list(PoolProbe(engine=engine).observe(self._clock))
        url = url_of(engine)
        if url.startswith("postgresql"):
            found.extend(self._postgres(url).sweep(complete=complete))
        elif url.startswith("sqlite"):
            from diagnostics.system_monitor.sqlite import SqliteProbe

            found.extend(SqliteProbe(engine.url.database or "").observe(self._clock))
        return Observations(found)

    async def asweep(self, *, complete: bool = False) -> Observations:
        """As ``sweep``, beside the event loop."""
        import asyncio

        return await asyncio.to_thread(self.sweep, complete=complete)

    def blocking_tree(self) -> tuple[Blocker, ...]:
        """Return who kept whom waiting in the last sweep of a PostgreSQL, the root with most victims first."""
        return self._monitor.blocking_tree if self._monitor is not None else ()

    def explain(self, query: str) -> Observations:
        """Return plan, sequential scans and missing indexes of a statement, which is planned and never run.

        Raises:
            ConfigurationError: The database is neither PostgreSQL nor SQLite.
        """
        url = url_of(self._engine())
        if url.startswith("postgresql"):
            from diagnostics.system_monitor.postgres.experiments import explain

            return explain(url, query, clock=self._clock)
        if url.startswith("sqlite"):
            from diagnostics.system_monitor.sqlite import explain_sqlite

            return explain_sqlite(self._engine().url.database or "", query, self._clock)
        raise ConfigurationError("Only statements of PostgreSQL and SQLite can be explained.")

    def close(self) -> None:
        """End the session that sweeps use; the next sweep opens another."""
        if self._monitor is not None:
            self._monitor.close()
            self._monitor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _postgres(self, url: str) -> PostgresMonitor:
        from diagnostics.system_monitor.postgres.monitor import PostgresMonitor

        if self._monitor is None:
            self._monitor = PostgresMonitor(url, client_pids=(os.getpid(),), clock=self._clock)
        return self._monitor

    async def atest_database_connectivity(self) -> DatabaseMetrics:
        """As ``test_database_connectivity``, beside the event loop."""
        import asyncio

        return await asyncio.to_thread(self.test_database_connectivity)

    async def aanalyze_database_health(self) -> DatabaseHealth:
        """As ``analyze_database_health``, beside the event loop."""
        import asyncio

        return await asyncio.to_thread(self.analyze_database_health)

    def _engine(self) -> Engine | AsyncEngine:
        if self.engine is None:
            raise ConfigurationError("DatabaseMonitor has no engine.", hint="Write DatabaseMonitor(logger, engine).")
        return self.engine

    def _pool(self) -> PoolNumbers | None:
        from diagnostics.system_monitor.postgres.pool import read_pool

        return read_pool(self._engine())


def url_of(engine: Engine | AsyncEngine) -> str:
    """Return the engine's URL with its password: for connecting, never for showing."""
    return engine.url.render_as_string(hide_password=False)


def assess(metrics: DatabaseMetrics, pool: PoolHealth, seen: Observations) -> DatabaseHealth:
    """Return the health that these numbers mean (pure)."""
    alerts: list[str] = []
    if not metrics.connection_test_success:
        alerts.append(f"Database connection failed: {metrics.last_error}")
    elif metrics.query_response_time_ms > SLOW_MILLISECONDS:
        seen_ms = f"{metrics.query_response_time_ms:.0f} ms"
        alerts.append(f"Slow database response: {seen_ms} (limit {SLOW_MILLISECONDS:.0f} ms)")
    if pool.utilization_percent > FULL_PERCENT:
        alerts.append(f"Pool is nearly full: {pool.active} of {pool.limit} connections in use")
    waiting = seen.value("postgres.lock.waiting")
    if waiting:
        alerts.append(f"Sessions that wait for a lock: {waiting:.0f}")
    used, limit = seen.value("postgres.connections.used"), seen.value("postgres.connections.limit")
    ratio = used / limit if used is not None and limit else None
    if ratio is not None and ratio * 100 > FULL_PERCENT:
        alerts.append(f"Server slots are nearly used up: {used:.0f} of {limit:.0f}")
    idle = [r.value for r in seen.readings("postgres.session", kind="idle_in_transaction") if r.value > 1.0]
    if idle:
        alerts.append(f"Sessions idle in a transaction: {len(idle)}, the longest for {max(idle):.1f} s")
    status = "unhealthy" if not metrics.connection_test_success else "degraded" if alerts else "healthy"
    return DatabaseHealth(
        overall_status=status,
        connectivity=metrics.connection_test_success,
        response_time_ms=metrics.query_response_time_ms,
        connection_pool=pool,
        alerts=tuple(alerts),
        blocked_sessions=None if waiting is None else int(waiting),
        idle_in_transaction=len(idle) if waiting is not None else None,
        slots_used_ratio=ratio,
        metrics=metrics,
    )


def _ask_once(engine: Engine | AsyncEngine, clock: Clock) -> str | None:
    """Return None when one row came in time, else why not."""
    if hasattr(engine, "sync_engine"):
        # Its connections belong to the application's event loop; ours goes past the pool.
        from diagnostics.system_monitor.postgres.experiments import direct_connection

        failures = direct_connection(url_of(engine), clock).all_failures()
        fatal = [item for _, item in failures if item.name == "postgres.connect" or item.name == "postgres.explain"]
        return fatal[0].message if fatal else None
    return _ask_through_pool(engine)


def _ask_through_pool(engine: Any) -> str | None:
    import threading

    from sqlalchemy import text

    box: list[str | None] = []

    def ask() -> None:
        try:
            with engine.connect() as connection:
                connection.execute(text("SELECT 1")).fetchone()
            box.append(None)
        except Exception as error:  # noqa: BLE001 - a failed test is a result, whatever the driver raises
            box.append(redact(f"{type(error).__name__}: {error}").strip()[:500])

    # A full pool would keep us for its whole time-out (30 s by default): the thread gives its
    # connection back when it gets one.
    thread = threading.Thread(target=ask, name="diagnostics-database-test", daemon=True)
    thread.start()
    thread.join(TEST_SECONDS)
    return box[0] if box else f"no connection from the pool and no answer within {TEST_SECONDS:g} s"


def _say(logger: Any, event: str, record: Record, *, failed: bool) -> None:
    target = logger if logger is not None and hasattr(logger, "enabled") else None
    if target is not None:
        (target.error if failed else target.info)(event, **record.to_dict())
    else:
        _LOG.log(logging.ERROR if failed else logging.INFO, "%s %s", event, record.to_dict())
