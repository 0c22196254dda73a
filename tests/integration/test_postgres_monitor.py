"""PostgresMonitor: one session that stays, deltas between looks, and no lock that stops it."""

import contextlib
import os
import threading
import time

import psycopg
import pytest
from examples.support.postgres import running_postgres

from diagnostics.model.observation import FailureKind, Observations, ProbeFailure
from diagnostics.runtime.clock import SYSTEM_CLOCK
from diagnostics.system_monitor.database import DatabaseMonitor
from diagnostics.system_monitor.postgres.experiments import explain
from diagnostics.system_monitor.postgres.monitor import PostgresMonitor
from diagnostics.system_monitor.postgres.pgbouncer import PgBouncerProbe

ASK = "SELECT wait_event_type FROM pg_stat_activity WHERE pid = %s"


def plain(url):
    return url.replace("postgresql+psycopg://", "postgresql://")


def connect(url, application="test", **more):
    return psycopg.connect(plain(url), application_name=application, **more)


def wait_until(condition, seconds=5.0):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "the situation did not come about"
        time.sleep(0.01)


@contextlib.contextmanager
def queued(url, *statements):
    """Let sessions wait one behind the other; give them up at the end."""
    connections = [connect(url, f"waiter {number}") for number in range(len(statements))]
    threads = []
    with connect(url, autocommit=True) as other:
        for connection, sql in zip(connections, statements, strict=True):

            def run(connection=connection, sql=sql):
                with contextlib.suppress(psycopg.Error):
                    connection.execute(sql)

            threads.append(threading.Thread(target=run))
            threads[-1].start()
            pid = connection.info.backend_pid
            wait_until(lambda pid=pid: other.execute(ASK, [pid]).fetchone()[0] == "Lock")
        try:
            yield [connection.info.backend_pid for connection in connections]
        finally:
            for connection in connections:
                other.execute("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])
            for thread in threads:
                thread.join(5)
            for connection in connections:
                connection.close()


@pytest.fixture
def database(postgres, fresh_database):
    name = fresh_database.rpartition("/")[2]
    postgres.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements", database=name)
    with connect(fresh_database, autocommit=True) as connection:
        connection.execute("CREATE TABLE items (id serial PRIMARY KEY, name text, size int)")
        connection.execute("INSERT INTO items (name, size) SELECT 'n' || g, g FROM generate_series(1, 2000) AS g")
        connection.execute("ANALYZE items")
    return fresh_database


@pytest.fixture
def superuser(postgres, database):
    return postgres.url_of(database.rpartition("/")[2], superuser=True)


def test_the_second_sweep_tells_what_happened_since_the_first(database):
    with PostgresMonitor(database) as monitor:
        first = monitor.sweep()
        with connect(database, autocommit=True) as worker:
            for _ in range(30):
                worker.execute("SELECT count(*) FROM items WHERE size = 7")
            worker.execute("SELECT pg_stat_force_next_flush()") if worker.info.server_version >= 150000 else time.sleep(
                1
            )
        second = monitor.sweep()

    assert not list(first.readings("postgres.statement.time"))
    assert not [item for _, item in second.all_failures()]
    calls = [r for r in second.readings("postgres.statement.calls") if "FROM items" in r.labels["query"]]
    assert calls
    assert calls[0].value > 0
    assert second.readings("postgres.table.seq_scan_rate", table="items")[0].value > 0


def test_the_session_stays_and_each_sweep_asks_one_slow_question_and_keeps_the_other_answers(database):
    with PostgresMonitor(database) as monitor:
        first = monitor.sweep()
        pid = monitor._session.backend_pid
        asked = monitor._session.statements
        second = monitor.sweep()
        assert monitor._session.backend_pid == pid
        assert monitor._session.statements - asked < asked / 2

    for name in ("postgres.setting", "postgres.table.size", "postgres.vacuum.workers", "postgres.migration"):
        assert len(list(second.readings(name))) == len(list(first.readings(name))), name


def test_a_session_that_was_ended_is_opened_again_at_the_next_sweep(database, superuser):
    with PostgresMonitor(database) as monitor:
        monitor.sweep()
        pid = monitor._session.backend_pid
        with connect(superuser, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [pid])
        broken = monitor.sweep()
        again = monitor.sweep()

    assert [item for _, item in broken.all_failures()]
    assert not [item for _, item in again.all_failures()]
    assert again.readings("postgres.version")[0].value >= 130000


def test_a_server_that_is_not_there_is_a_failure_and_nothing_is_raised():
    with PostgresMonitor("postgresql://u@127.0.0.1:1/x") as monitor:
        seen = monitor.sweep()

    assert [item.kind for _, item in seen.all_failures() if item.name == "postgres.connect"] == [FailureKind.REFUSED]


def test_a_child_of_a_fork_has_a_session_of_its_own_and_leaves_the_parents_alone(database):
    with PostgresMonitor(database) as monitor:
        monitor.sweep()
        parents = monitor._session.backend_pid
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            monitor.sweep()
            os.write(write, str(monitor._session.backend_pid).encode())
            monitor.close()
            os._exit(0)
        os.close(write)
        childs = int(os.read(read, 32))
        os.close(read)
        os.waitpid(child, 0)
        again = monitor.sweep()
        assert monitor._session.backend_pid == parents != childs

    assert not again.all_failures()


def test_the_blocking_tree_has_the_idle_transaction_at_its_root(database):
    with connect(database, "the culprit") as culprit:
        pid = culprit.info.backend_pid
        culprit.execute("UPDATE items SET size = 0 WHERE id = 1")
        statements = ("ALTER TABLE items ADD more int", "SELECT count(*) FROM items", "SELECT count(*) FROM items")
        with queued(database, *statements) as pids, PostgresMonitor(database) as monitor:
            monitor.sweep()
            tree = monitor.blocking_tree

    assert len(tree) == 1
    root = tree[0]
    assert (root.pid, root.application, root.kind) == (pid, "the culprit", "idle_in_transaction")
    assert root.victims == 3
    (ddl,) = root.waiting
    assert (ddl.pid, ddl.kind) == (pids[0], "ddl")
    assert {child.pid for child in ddl.waiting} == set(pids[1:])
    assert "AccessExclusiveLock on items" in root.lines()[1]


#: Tables of the application, of the catalogue's surroundings, and the catalogue itself, as a restore, VACUUM FULL pg_… or
#: a migration lock them.
LOCKED = [
    "items",
    "alembic_version",
    "pg_statistic",
    "pg_sequence",
    "pg_depend",
    "pg_db_role_setting",
    "pg_tablespace",
    "pg_constraint",
]


@pytest.mark.parametrize("table", LOCKED)
def test_an_exclusive_lock_stops_neither_the_sweep_nor_waits_longer_than_promised(database, superuser, table):
    with connect(superuser, autocommit=True) as owner:
        owner.execute("CREATE TABLE IF NOT EXISTS alembic_version (version_num text)")
    with PostgresMonitor(superuser) as monitor:
        monitor.sweep()
        with connect(superuser, "the job") as job:
            job.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            began = time.monotonic()
            seen = monitor.sweep(complete=True)
            elapsed = time.monotonic() - began
            job.rollback()

    failures = [item for _, item in seen.all_failures()]
    assert elapsed < 3.0
    assert all(item.kind is FailureKind.TIMEOUT for item in failures), failures
    assert seen.readings("postgres.connections.used")[0].value >= 1
    assert len(failures) <= 4


def test_our_session_never_stands_in_anybodys_way(database, superuser):
    with PostgresMonitor(superuser) as monitor:
        monitor.sweep()
        with connect(superuser, autocommit=True) as other:
            other.execute("SET lock_timeout = '50ms'")
            other.execute("ALTER TABLE items ADD column2 int")
            mine = monitor._session.backend_pid
            held = other.execute("SELECT count(*) FROM pg_locks WHERE pid = %s", [mine]).fetchone()[0]
            row = "SELECT state, xact_start FROM pg_stat_activity WHERE pid = %s"
            assert other.execute(row, [mine]).fetchone() == ("idle", None)

    assert held == 0


def test_the_server_itself_refuses_that_we_write(database):
    with PostgresMonitor(database) as monitor:
        monitor.sweep()
        with pytest.raises(Exception, match="read-only"):
            monitor._session.rows("UPDATE items SET size = 1 RETURNING id")


def test_with_less_than_pg_monitor_the_sweep_works_and_names_the_grant(postgres, database):
    name = database.rpartition("/")[2]
    for sql in ("DROP ROLE IF EXISTS small", "CREATE ROLE small LOGIN PASSWORD 'small-secret'"):
        postgres.execute(sql)
    url = f"postgresql://small:small-secret@127.0.0.1:{postgres.port}/{name}"
    with connect(database), PostgresMonitor(url) as monitor:
        monitor.sweep()
        seen = monitor.sweep()
    postgres.execute("DROP ROLE small")

    grants = {reading.labels["grant"] for reading in seen.readings("postgres.grant.missing")}
    assert grants == {"GRANT pg_read_all_stats TO small"}
    assert seen.readings("postgres.connections.used")[0].value >= 1


def test_a_table_that_lost_most_of_its_rows_is_bloated_and_due(database, superuser):
    with connect(superuser, autocommit=True) as owner:
        owner.execute("CREATE TABLE big (id int, t text) WITH (autovacuum_enabled = off)")
        owner.execute("INSERT INTO big SELECT g, repeat('x', 100) FROM generate_series(1, 30000) AS g")
        owner.execute("CREATE TABLE full_one AS SELECT * FROM big")
        owner.execute("DELETE FROM big WHERE id > 3000")
        owner.execute("ANALYZE big")
        owner.execute("ANALYZE full_one")
        if owner.info.server_version >= 150000:
            owner.execute("SELECT pg_stat_force_next_flush()")
    with PostgresMonitor(superuser) as monitor:
        wait_until(lambda: list(monitor.sweep(complete=True).readings("postgres.table.vacuum_due_ratio", table="big")))
        seen = monitor.sweep(complete=True)

    ratio = {r.labels["table"]: r.value for r in seen.readings("postgres.table.bloat_ratio")}
    assert ratio["big"] > 0.8
    assert ratio["full_one"] < 0.2  # since 16 a table is made longer by several pages at once
    assert seen.readings("postgres.table.vacuum_due_ratio", table="big")[0].value > 5


def test_whoever_holds_vacuum_back_is_named(database, superuser):
    with connect(database, "sleeper") as sleeper:
        sleeper.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        sleeper.execute("SELECT count(*) FROM items")
        with connect(database, autocommit=True) as writer:
            for _ in range(3):
                writer.execute("UPDATE items SET size = size WHERE id = 1")
        with PostgresMonitor(superuser) as monitor:
            seen = monitor.sweep()

    holders = {r.labels["application"]: r for r in seen.readings("postgres.vacuum.horizon_age")}
    assert holders["sleeper"].value >= 3
    assert holders["sleeper"].labels["kind"] == "session"


def test_the_database_monitor_keeps_one_monitor_and_shows_the_tree(database):
    import sqlalchemy as sa

    engine = sa.create_engine(database)
    with DatabaseMonitor(engine=engine) as monitor, connect(database, "holder") as holder:
        monitor.sweep()
        holder.execute("UPDATE items SET size = 0 WHERE id = 1")
        with queued(database, "UPDATE items SET size = 1 WHERE id = 1"):
            seen = monitor.sweep()
            tree = monitor.blocking_tree()
    engine.dispose()

    assert seen.value("postgres.lock.waiting") == 1
    assert tree[0].application == "holder"
    assert seen.readings("pool.size")[0].value >= 1


def test_an_index_that_does_not_exist_is_tried_where_hypopg_is(postgres, database, superuser):
    with connect(superuser, autocommit=True) as owner:
        if not owner.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'hypopg'").fetchone():
            pytest.skip("this server has no HypoPG")
        owner.execute("CREATE EXTENSION hypopg")
        owner.execute("INSERT INTO items (name, size) SELECT 'm' || g, g FROM generate_series(1, 50000) AS g")
        owner.execute("ANALYZE items")
    seen = explain(database, "SELECT id FROM items WHERE name = $1")
    with connect(superuser) as owner:
        indexes = owner.execute("SELECT count(*) FROM pg_indexes WHERE tablename = 'items'").fetchone()[0]

    gain = seen.readings("postgres.explain.index_gain")[0]
    assert gain.value > 0.9
    assert gain.labels["columns"] == "name"
    assert indexes == 1


@pytest.fixture
def bouncer(database):
    from lab.means import CannotInject, pooler

    try:
        with pooler(plain(database), sessions=2) as url:
            yield url
    except CannotInject as reason:
        pytest.skip(str(reason))


def test_clients_that_wait_for_a_session_of_pgbouncer_are_counted(bouncer):
    held = [connect(bouncer) for _ in range(2)]
    for each in held:
        each.execute("SELECT 1")
    waiter = connect(bouncer)
    thread = threading.Thread(target=lambda: waiter.execute("SELECT 1"))
    thread.start()
    seen = Observations(())
    until = time.monotonic() + 5
    while time.monotonic() < until:
        seen = Observations(PgBouncerProbe(bouncer).observe(SYSTEM_CLOCK))
        if seen.value("pgbouncer.pool.clients_waiting"):
            break
        time.sleep(0.05)
    for each in held:
        each.rollback()
        each.close()
    thread.join(5)
    waiter.close()

    assert not [item for item in seen if isinstance(item, ProbeFailure)]
    assert seen.value("pgbouncer.pool.clients_waiting") == 1
    assert seen.value("pgbouncer.pool.used_ratio") == 1.0
    assert seen.value("pgbouncer.pool.size") == 2
    modes = {r.labels["value"] for r in seen.readings("pgbouncer.setting", setting="pool_mode")}
    assert modes == {"transaction"}


def test_a_sweep_through_pgbouncer_asks_its_console_too(bouncer):
    with PostgresMonitor(bouncer.replace("postgresql://", "postgresql+psycopg://")) as monitor:
        seen = monitor.sweep()

    assert seen.value("pgbouncer.pool.size") == 2
    assert seen.value("postgres.connections.used") is not None


def test_a_user_who_may_not_see_the_console_gets_a_hint(bouncer):
    seen = Observations(PgBouncerProbe(bouncer.replace("://", "://stranger-", 1)).observe(SYSTEM_CLOCK))

    (failure,) = [item for item in seen if isinstance(item, ProbeFailure)]
    assert "stats_users" in failure.hint


def test_sweeps_work_on_a_standby_too():
    from examples.support.postgres import running_standby

    with (
        running_postgres() as primary,
        running_standby(primary) as standby,
        PostgresMonitor(standby.superuser_url) as monitor,
    ):
        monitor.sweep()
        seen = monitor.sweep(complete=True)

    assert seen.value("postgres.in_recovery") == 1
    assert not [item for _, item in seen.all_failures() if item.kind is not FailureKind.UNSUPPORTED]
