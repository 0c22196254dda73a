"""DatabaseMonitor over a real server, with a pool that gets used up."""

import asyncio
import threading
import time

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from diagnostics.errors import ConfigurationError
from diagnostics.model.observation import FailureKind, Observations
from diagnostics.runtime.clock import SYSTEM_CLOCK
from diagnostics.system_monitor import database as module
from diagnostics.system_monitor.database import DatabaseMonitor
from diagnostics.system_monitor.postgres.pool import PoolProbe


@pytest.fixture
def engine(fresh_database):
    engine = sa.create_engine(fresh_database, pool_size=2, max_overflow=1, pool_timeout=10)
    yield engine
    engine.dispose()


def test_a_healthy_database_answers_and_the_pool_is_counted(engine):
    with engine.connect():
        metrics = DatabaseMonitor(None, engine).test_database_connectivity()

    assert metrics["connection_test_success"] is True
    assert metrics["last_error"] is None
    assert (metrics.connection_count, metrics.active_connections, metrics.idle_connections) == (2, 1, 1)
    assert 0 < metrics.query_response_time_ms < 5000


def test_a_full_pool_is_reported_in_seconds_not_after_its_own_timeout(engine, monkeypatch):
    monkeypatch.setattr(module, "TEST_SECONDS", 0.4)
    held = [engine.connect() for _ in range(3)]
    started = time.monotonic()
    health = DatabaseMonitor(engine=engine).analyze_database_health()
    elapsed = time.monotonic() - started
    for connection in held:
        connection.close()

    assert elapsed < 3
    assert health["overall_status"] == "unhealthy"
    assert health.connection_pool["utilization_percent"] == 100
    assert "no connection from the pool" in health.alerts[0]


def test_a_connection_that_came_too_late_goes_back_to_the_pool(engine, monkeypatch):
    monkeypatch.setattr(module, "TEST_SECONDS", 0.1)
    held = [engine.connect() for _ in range(3)]
    DatabaseMonitor(engine=engine).test_database_connectivity()
    for connection in held:
        connection.close()

    until = time.monotonic() + 5
    while engine.pool.checkedout() and time.monotonic() < until:
        time.sleep(0.02)
    assert engine.pool.checkedout() == 0


def test_a_blocked_session_and_an_idle_transaction_make_it_degraded(engine, fresh_database):
    url = fresh_database.replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(url) as holder, psycopg.connect(url) as waiter:
        holder.execute("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)")
        holder.commit()
        holder.execute("DELETE FROM t")
        thread = threading.Thread(target=lambda: waiter.execute("DELETE FROM t"))
        thread.start()
        time.sleep(1.1)
        health = DatabaseMonitor(engine=engine).analyze_database_health()
        holder.rollback()
        thread.join()

    assert health["overall_status"] == "degraded"
    assert (health.blocked_sessions, health.idle_in_transaction) == (1, 1)
    assert 0 < health.slots_used_ratio < 1


def test_a_server_that_is_down_is_unhealthy_and_the_password_stays_secret():
    engine = sa.create_engine("postgresql+psycopg://u:very-secret@127.0.0.1:1/x")
    health = DatabaseMonitor(engine=engine).analyze_database_health()

    assert health.overall_status == "unhealthy"
    assert not health.connectivity
    assert "very-secret" not in health.to_json()


def test_an_async_engine_is_accepted_and_the_loop_goes_on(fresh_database):
    pytest.importorskip("greenlet")  # SQLAlchemy's extra "asyncio"
    from sqlalchemy.ext.asyncio import create_async_engine

    async def main():
        engine = create_async_engine(fresh_database.replace("+psycopg", "+asyncpg"))
        ticks = 0
        async with engine.connect() as connection:
            await connection.execute(sa.text("SELECT 1"))
            task = asyncio.create_task(DatabaseMonitor(engine=engine).aanalyze_database_health())
            while not task.done():
                await asyncio.sleep(0.01)
                ticks += 1
            health = await task
        await engine.dispose()
        return health, ticks

    health, ticks = asyncio.run(main())

    assert health.connectivity
    assert health.connection_pool.active == 1
    assert ticks > 20


def test_other_databases_work_as_far_as_they_go():
    health = DatabaseMonitor(engine=sa.create_engine("sqlite://")).analyze_database_health()

    assert health.overall_status == "healthy"
    assert health.blocked_sessions is None


def test_without_an_engine_it_says_what_is_missing():
    with pytest.raises(ConfigurationError, match="no engine"):
        DatabaseMonitor().test_database_connectivity()


def test_the_pool_probe_reads_what_the_pool_holds(engine):
    with engine.connect(), engine.connect(), engine.connect():
        seen = Observations(PoolProbe(engine=engine, pool="main").observe(SYSTEM_CLOCK))

    values = {name: seen.value(f"pool.{name}", pool="main") for name in ("size", "checked_out", "overflow", "limit")}
    assert values == {"size": 2, "checked_out": 3, "overflow": 1, "limit": 3}


def test_a_pool_without_numbers_is_a_failure_not_a_zero(fresh_database):
    engine = sa.create_engine(fresh_database, poolclass=NullPool)
    ((_, failure),) = Observations(PoolProbe(engine=engine).observe(SYSTEM_CLOCK)).failures("pool")

    assert failure.kind is FailureKind.UNSUPPORTED
