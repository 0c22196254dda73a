"""The connection pool inside our own process: numbers of SQLAlchemy's QueuePool."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from diagnostics.model.observation import FailureKind, Observation, Unit
from diagnostics.runtime.clock import Clock
from diagnostics.system_monitor.postgres.readings import failure, reading

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncEngine


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolNumbers:
    """What a pool says of itself; ``limit`` is -1 when it may grow without end."""

    size: int
    checked_in: int
    checked_out: int
    overflow: int
    limit: int


def sync_engine_of(engine: Engine | AsyncEngine) -> Engine:
    """Return the Engine; of an AsyncEngine the one behind it."""
    inner: Any = getattr(engine, "sync_engine", engine)
    return inner  # type: ignore[no-any-return]


def read_pool(engine: Engine | AsyncEngine) -> PoolNumbers | None:
    """Return the numbers of a QueuePool (or its asyncio kin), None for pools that keep none."""
    from sqlalchemy.pool import QueuePool

    pool = sync_engine_of(engine).pool
    if not isinstance(pool, QueuePool):
        return None
    size = pool.size()
    most = getattr(pool, "_max_overflow", 0)
    return PoolNumbers(
        size=size,
        checked_in=pool.checkedin(),
        checked_out=pool.checkedout(),
        # SQLAlchemy counts from -size upwards while the pool fills.
        overflow=max(0, pool.overflow()),
        limit=-1 if most < 0 or size == 0 else size + most,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolProbe:
    """Reads the pool of an engine of this process; touches no connection."""

    engine: Any = field(repr=False)
    pool: str = "default"

    @property
    def name(self) -> str:
        return "pool"

    @property
    def deadline_seconds(self) -> float:
        return 1.0

    def observe(self, clock: Clock) -> Iterator[Observation]:
        """Yield ``pool.size``, ``.checked_out``, ``.checked_in``, ``.overflow`` and ``.limit``."""
        numbers = read_pool(self.engine)
        at = clock.now()
        if numbers is None:
            kind = type(sync_engine_of(self.engine).pool).__name__
            yield failure("pool", FailureKind.UNSUPPORTED, f"{kind} keeps no numbers", at, pool=self.pool)
            return
        for name in ("size", "checked_out", "checked_in", "overflow", "limit"):
            value = float(getattr(numbers, name))
            yield from reading(f"pool.{name}", value, Unit.COUNT, at, "engine.pool", pool=self.pool)
