"""Is there a way to the database? Short sessions beside the application's pool, opened as it would."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from diagnostics.errors import ProbeError
from diagnostics.hypothesis_testing.shared import SharedLook
from diagnostics.runtime.clock import Clock

if TYPE_CHECKING:
    from sqlalchemy import Engine, Pool
    from sqlalchemy.ext.asyncio import AsyncEngine

STATEMENT_TIMEOUT = "3s"
ROUND_TRIPS = 3
POOL_SAMPLES = 10
POOL_SAMPLE_SECONDS = 0.05

_SLOTS = """
SELECT count(*)::float
       / greatest(current_setting('max_connections')::int
                  - current_setting('superuser_reserved_connections')::int, 1)
FROM pg_stat_activity
WHERE backend_type = 'client backend'
"""


class CannotConnect(ConnectionError):  # noqa: N818 - reads as what was predicted: "raises CannotConnect"
    """No session could be opened; the driver's own error is the cause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one session showed."""

    connect_seconds: float
    round_trip_seconds: float
    slots: float | Exception | None


class Door:
    """Opens single sessions the way an engine does, without touching its pool."""

    def __init__(self, engine: Engine | AsyncEngine, clock: Clock) -> None:
        # By its attribute, not its class: importing SQLAlchemy's asyncio costs those who do not use it.
        inner = getattr(engine, "sync_engine", None)
        self._is_async = inner is not None
        self._engine: Engine = engine if inner is None else inner  # type: ignore[assignment]
        self._clock = clock
        self._session: SharedLook[Seen] = SharedLook(self._look)

    @property
    def is_postgresql(self) -> bool:
        return self._engine.dialect.name == "postgresql"

    @property
    def has_pool_limit(self) -> bool:
        """Whether the application's pool can run out."""
        return _limit(self._engine.pool) is not None

    def connect_seconds(self) -> Any:
        """Return seconds to a usable session.

        Raises:
            CannotConnect: There was none.
        """
        return self._session.ask("connect", lambda seen: seen.connect_seconds)

    def connects(self) -> Any:
        """Return the same, as another question of the same round."""
        return self._session.ask("connects", lambda seen: seen.connect_seconds)

    def round_trip_seconds(self) -> Any:
        """Return the median of three round trips."""
        return self._session.ask("round_trip", lambda seen: seen.round_trip_seconds)

    def slots_used_ratio(self) -> Any:
        """Return the share of PostgreSQL's connection slots for ordinary users that is taken."""
        return self._session.ask("slots", _slots)

    def pool_used_ratio(self) -> float:
        """Return the lowest share of the application's pool that was in use over half a second.

        The lowest, because a pool that is full for a moment serves its next caller at once; one that never
        has a free connection makes them wait.
        """
        pool = self._engine.pool
        limit = _limit(pool)
        if limit is None:
            raise ProbeError(f"A {type(pool).__name__} has no limit.")
        lowest = float("inf")
        for _ in range(POOL_SAMPLES):
            lowest = min(lowest, pool.checkedout() / limit)  # type: ignore[attr-defined]
            self._clock.sleep(POOL_SAMPLE_SECONDS)
        return lowest

    def _look(self) -> Any:
        """Open one session and measure; an awaitable when the engine's driver is asynchronous."""
        if not self._is_async:
            return self._measure()

        async def in_loop() -> Seen:
            from sqlalchemy.util import greenlet_spawn

            return await greenlet_spawn(self._measure)

        return in_loop()

    def _measure(self) -> Seen:
        # A pool made like the engine's: same driver, arguments and credentials, but none of its connections.
        pool = self._engine.pool.recreate()
        began = self._clock.monotonic()
        try:
            connection = _connect(pool)
            seconds = self._clock.monotonic() - began
            try:
                return self._questions(connection, seconds)
            finally:
                connection.rollback()
                connection.close()
        finally:
            pool.dispose()

    def _questions(self, connection: Any, connect_seconds: float) -> Seen:
        cursor = connection.cursor()
        if self.is_postgresql:
            cursor.execute(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'")
            cursor.execute("SET TRANSACTION READ ONLY")
        took = []
        for _ in range(ROUND_TRIPS):
            began = self._clock.monotonic()
            cursor.execute("SELECT 1")
            cursor.fetchall()
            took.append(self._clock.monotonic() - began)
        slots: float | Exception | None = None
        if self.is_postgresql:
            try:
                cursor.execute(_SLOTS)
                slots = float(cursor.fetchall()[0][0])
            except Exception as error:  # noqa: BLE001 - each driver has errors of its own; the other answers stand
                slots = error
        cursor.close()
        return Seen(connect_seconds=connect_seconds, round_trip_seconds=sorted(took)[ROUND_TRIPS // 2], slots=slots)


def _slots(seen: Seen) -> float:
    if isinstance(seen.slots, Exception):
        raise seen.slots
    if seen.slots is None:
        raise ProbeError("Connection slots are counted on PostgreSQL only.")
    return seen.slots


def _connect(pool: Pool) -> Any:
    try:
        return pool.connect()
    except ImportError:
        raise  # a missing driver says nothing about the database
    except Exception as error:  # each driver has errors of its own
        text = " ".join(str(error).split())
        raise CannotConnect(f"{type(error).__name__}: {text}") from error


def _limit(pool: Pool) -> int | None:
    """Return how many connections a pool gives out at most; None without a limit."""
    size, overflow = getattr(pool, "size", None), getattr(pool, "_max_overflow", None)
    if not callable(size) or overflow is None or overflow < 0 or not hasattr(pool, "checkedout"):
        return None
    total = int(size()) + int(overflow)
    return total if total > 0 else None
