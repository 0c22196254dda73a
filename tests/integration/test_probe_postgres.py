"""PostgresProbe against a real server that is really sick."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time

import psycopg
import pytest
from examples.support.postgres import running_postgres, running_standby

from diagnostics.model.observation import FailureKind, Observations, ProbeFailure
from diagnostics.plugins.protocols import Probe
from diagnostics.runtime.clock import SYSTEM_CLOCK
from diagnostics.system_monitor.postgres.experiments import direct_connection, explain
from diagnostics.system_monitor.postgres.probe import PostgresProbe
from diagnostics.system_monitor.postgres.session import StatementError, open_session
from diagnostics.system_monitor.postgres.url import parse_database_url

WINDOW = 0.6
MIDWAY = "application_name = 'diagnostics' AND backend_start < clock_timestamp() - interval '0.25 s'"


def look(url, **more):
    return Observations(PostgresProbe(url, window_seconds=WINDOW, **more).observe(SYSTEM_CLOCK))


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
def waiting(url, sql, application):
    """Run a statement that will have to wait for a lock, in a thread; give it up at the end."""
    connection = connect(url, application)

    def run():
        with contextlib.suppress(psycopg.Error):
            connection.execute(sql)

    thread = threading.Thread(target=run)
    thread.start()
    with connect(url, autocommit=True) as other:
        ask = "SELECT wait_event_type FROM pg_stat_activity WHERE pid = %s"
        wait_until(lambda: other.execute(ask, [connection.info.backend_pid]).fetchone()[0] == "Lock")
    try:
        yield connection
    finally:
        connection.cancel_safe()
        thread.join(5)
        connection.close()


@pytest.fixture
def database(fresh_database):
    with connect(fresh_database, autocommit=True) as connection:
        connection.execute("CREATE TABLE items (id serial PRIMARY KEY, email text, price int)")
        connection.execute("INSERT INTO items (email) SELECT 'u' || i || '@x.org' FROM generate_series(1, 5000) AS i")
    with connect(fresh_database, autocommit=True) as connection:  # the first session's statistics arrive with its end
        connection.execute("ANALYZE items")
    return fresh_database


def test_it_is_a_probe():
    probe = PostgresProbe("postgresql://u@h/x")

    assert isinstance(probe, Probe)
    assert probe.name == "postgres.connect"


def test_a_healthy_server_is_described_and_nothing_fails(database):
    seen = look(database, client_pids=(os.getpid(),))

    assert not seen.all_failures()
    assert 0 < seen.value("postgres.connect") < 2
    assert seen.value("postgres.version") >= 130000
    assert abs(seen.value("postgres.clock_offset")) < 1
    assert seen.value("postgres.connections.limit") == 60
    assert seen.value("postgres.lock.waiting") == 0
    assert seen.value("postgres.in_recovery") == 0
    assert seen.value("postgres.default_read_only") == 0
    assert seen.value("postgres.table.live_rows", table="items") == 5000
    assert seen.value("postgres.table.size", table="items") > 100_000
    assert seen.value("postgres.setting", setting="statement_timeout") == 0
    assert not [r for r in seen.readings("postgres.session") if r.labels["application"] == "diagnostics"]


def test_a_row_held_by_an_idle_transaction_is_traced_to_its_process(database):
    with connect(database, "forgotten") as holder:
        holder.execute("UPDATE items SET price = 1 WHERE email = 'u1@x.org'")
        backend = holder.info.backend_pid
        with waiting(database, "UPDATE items SET price = 2 WHERE id = 1", "victim"):
            seen = look(database, client_pids=(os.getpid(),))

    (wait,) = seen.readings("postgres.lock.wait")
    assert wait.value > 0.3
    assert wait.labels["waiter_application"] == "victim"
    assert wait.labels["relation"] == "items"
    assert wait.labels["blocker_kind"] == "idle_in_transaction"
    assert wait.labels["blocker_pid"] == str(backend)
    assert wait.labels["blocker_client_pid"] == str(os.getpid())
    assert "u1@x.org" not in wait.labels["blocker_query"]
    (idle,) = seen.readings("postgres.session", kind="idle_in_transaction")
    assert idle.labels["client_pid"] == str(os.getpid())
    assert float(idle.labels["xact_age"]) > 0.3
    assert seen.value("postgres.lock.waiting") == 1
    assert len(seen.readings("postgres.lock.longest")) == 6
    assert seen.value("postgres.connections.ours", pid=str(os.getpid())) >= 2


def test_the_owner_of_a_unix_socket_is_found_too(postgres):
    with connect(postgres.socket_url_of(superuser=True), "by-socket") as holder:
        holder.execute("SELECT 1")
        seen = look(postgres.socket_url_of(superuser=True), client_pids=(os.getpid(),))

    (session,) = seen.readings("postgres.session", application="by-socket")
    assert session.labels["client_pid"] == str(os.getpid())


def test_a_child_process_counts_for_its_parent(database):
    code = "import psycopg,sys; c=psycopg.connect(sys.argv[1]); print('up', flush=True); sys.stdin.read()"
    child = subprocess.Popen(
        [sys.executable, "-c", code, plain(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert child.stdout.readline() == b"up\n"
        seen = look(database, client_pids=(os.getpid(),))
    finally:
        child.stdin.close()
        child.wait(5)
        child.stdout.close()

    assert seen.value("postgres.connections.ours", pid=str(os.getpid())) == 1


def test_a_ddl_queue_shows_the_ddl_and_the_reader_behind_it(database):
    with connect(database, "reader") as reader:
        reader.execute("SELECT count(*) FROM items")
        ddl = waiting(database, "ALTER TABLE items ADD COLUMN note text", "migration")
        with ddl as migration, waiting(database, "SELECT * FROM items LIMIT 1", "web"):
            backend = migration.info.backend_pid
            seen = look(database)

    mine = seen.readings("postgres.lock.wait", waiter_application="web")
    assert {(w.labels["blocker_application"], w.labels["blocker_kind"]) for w in mine} == {
        ("migration", "ddl"),
        ("reader", "idle_in_transaction"),
    }
    (first,) = seen.readings("postgres.lock.wait", waiter_pid=str(backend))
    assert first.labels["mode"] == "AccessExclusiveLock"
    assert first.labels["relation"] == "items"


def test_a_locked_table_stops_neither_the_probe_nor_the_other_readings(database):
    with connect(database, "job") as job:
        job.execute("LOCK TABLE items IN ACCESS EXCLUSIVE MODE")
        started = time.monotonic()
        seen = look(database)

    assert time.monotonic() - started < 15
    assert seen.value("postgres.table.size", table="items") > 0
    assert seen.readings("postgres.setting")
    ((_, failure),) = seen.failures("postgres.sequence.behind")
    assert failure.labels["table"] == "items"


def test_a_session_level_advisory_lock_of_an_idle_session_is_seen(database):
    with connect(database, "leader", autocommit=True) as leader:
        leader.execute("SELECT pg_advisory_lock(7)")
        with waiting(database, "SELECT pg_advisory_lock(7)", "follower"):
            seen = look(database)

    (wait,) = seen.readings("postgres.lock.wait")
    assert (wait.labels["wait_event"], wait.labels["blocker_kind"]) == ("advisory", "idle")


def test_a_wait_shorter_than_the_window_is_seen(database):
    def briefly():
        with connect(database, "short") as holder:
            holder.execute("UPDATE items SET price = 1 WHERE id = 2")
            time.sleep(0.35)

    thread = threading.Thread(target=briefly)
    thread.start()
    time.sleep(0.1)
    with waiting(database, "UPDATE items SET price = 2 WHERE id = 2", "victim"):
        seen = look(database)
    thread.join()

    assert seen.value("postgres.lock.waiting") == 1
    assert seen.value("postgres.lock.longest", sample="5") == 0


def test_statements_and_scans_of_the_window_are_measured(database):
    stop = threading.Event()

    def load():
        with connect(database, "load", autocommit=True) as connection:
            while not stop.is_set():
                connection.execute("SELECT count(*) FROM items WHERE email = 'u77@x.org'")

    thread = threading.Thread(target=load)
    thread.start()
    try:
        seen = Observations(PostgresProbe(database, window_seconds=1.5).observe(SYSTEM_CLOCK))
    finally:
        stop.set()
        thread.join()

    (calls,) = [r for r in seen.readings("postgres.statement.calls") if "email" in r.labels["query"]]
    assert calls.value > 10
    assert "u77" not in calls.labels["query"]
    assert 0 < seen.value("postgres.statement.mean", queryid=calls.labels["queryid"]) < 0.1
    assert seen.value("postgres.table.seq_row_rate", table="items") > 5000
    assert not [r for r in seen.readings("postgres.statement.time") if "pg_" in r.labels["query"]]


def test_without_rights_the_missing_grant_is_named(postgres, database):
    postgres.execute("CREATE ROLE weak LOGIN PASSWORD 'w' CONNECTION LIMIT 3 VALID UNTIL '2099-01-01'")
    postgres.execute("ALTER ROLE weak SET statement_timeout = '300ms'")
    name = database.rpartition("/")[2]
    try:
        with connect(database, "holder") as holder:
            holder.execute("UPDATE items SET price = 1 WHERE id = 1")
            with waiting(database, "UPDATE items SET price = 2 WHERE id = 1", "victim"):
                seen = look(f"postgresql://weak:w@127.0.0.1:{postgres.port}/{name}")
    finally:
        postgres.execute("DROP ROLE weak")

    grants = {r.labels["view"]: r.labels["grant"] for r in seen.readings("postgres.grant.missing")}
    assert grants["pg_stat_activity"] == "GRANT pg_read_all_stats TO weak"
    assert seen.value("postgres.lock.waiting") == 1
    assert seen.value("postgres.setting", setting="statement_timeout", source="role") == 300
    assert seen.value("postgres.role.connection_limit", role="weak") == 3
    assert seen.value("postgres.role.valid_for", role="weak") > 1e9
    assert "insufficient" not in str([dict(item.labels) for item in seen])


def test_redundant_and_invalid_indexes_are_found(database):
    with connect(database, autocommit=True) as connection:
        connection.execute("CREATE INDEX one ON items (email)")
        connection.execute("CREATE INDEX two ON items (email, price)")
        connection.execute("UPDATE items SET price = 1")
        with contextlib.suppress(psycopg.Error):
            connection.execute("CREATE UNIQUE INDEX CONCURRENTLY broken ON items (price)")

    seen = look(database)

    (redundant,) = seen.readings("postgres.index.redundant")
    assert (redundant.labels["index"], redundant.labels["covered_by"]) == ("one", "two")
    (invalid,) = seen.readings("postgres.index.invalid")
    assert invalid.labels["index"] == "broken"
    assert seen.value("postgres.index.count", table="items") == 4


def test_sequences_that_end_or_lag_are_found(database):
    with connect(database, autocommit=True) as connection:
        connection.execute("INSERT INTO items (id) VALUES (9000)")
        connection.execute("CREATE TABLE small (id smallserial PRIMARY KEY)")
        connection.execute("SELECT setval('small_id_seq', 32000)")

    seen = look(database)

    assert seen.value("postgres.sequence.ahead", table="small") == 32000
    assert seen.value("postgres.sequence.behind", table="items") == 4000
    assert seen.value("postgres.sequence.used_ratio", sequence="small_id_seq") == pytest.approx(32000 / 32767)


def test_a_table_that_the_role_may_not_write_is_named(postgres, database):
    name = database.rpartition("/")[2]
    postgres.execute("CREATE TABLE theirs (id serial)", name)
    postgres.execute("GRANT SELECT ON theirs TO scheduler", name)

    missing = {r.labels["table"]: r.labels["privileges"] for r in look(database).readings("postgres.privilege.missing")}

    assert missing["theirs"] == "INSERT, UPDATE, DELETE"
    assert missing["theirs_id_seq"] == "USAGE"
    assert "items" not in missing


# -- no session at all ---------------------------------------------------------------------------------------


def why(url):
    seen = look(url)
    ((_, failure),) = seen.failures("postgres.connect")
    assert not seen.readings("postgres.connect")
    return failure


def test_a_wrong_password_is_an_authentication_failure_and_is_not_shown(postgres):
    failure = why(f"postgresql://scheduler:wrong-secret@127.0.0.1:{postgres.port}/meeting_scheduler")

    assert failure.kind is FailureKind.AUTHENTICATION
    assert (failure.labels["sqlstate"], failure.labels["phase"]) == ("28P01", "authentication")
    assert "wrong-secret" not in repr(failure)


def test_a_closed_port_is_refused():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    failure = why(f"postgresql://u:p@127.0.0.1:{port}/x")

    assert (failure.kind, failure.labels["phase"]) == (FailureKind.REFUSED, "tcp")
    assert failure.labels["errno"] == "111"


def test_a_missing_socket_is_refused(tmp_path):
    assert why(f"postgresql://u@/x?host={tmp_path}").kind is FailureKind.REFUSED


def test_an_unknown_database_is_not_found(postgres):
    failure = why(postgres.url_of("no_such_database"))

    assert (failure.kind, failure.labels["sqlstate"]) == (FailureKind.NOT_FOUND, "3D000")


def test_an_unknown_host_is_a_name_that_does_not_exist():
    failure = why("postgresql://u:p@no-such-host.invalid/x")

    assert failure.kind in {FailureKind.DNS_NOT_FOUND, FailureKind.DNS_UNAVAILABLE}
    assert failure.labels["phase"] == "dns"


def test_something_else_on_the_port_is_a_protocol_failure():
    with _server(lambda line: line.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        failure = why(f"postgresql://u:p@127.0.0.1:{port}/x")

    assert failure.kind in {FailureKind.PROTOCOL, FailureKind.RESET}
    assert failure.labels["phase"] == "startup"


def test_a_server_that_accepts_and_says_nothing_is_a_timeout():
    with _server(lambda line: time.sleep(10)) as port:
        started = time.monotonic()
        failure = why(f"postgresql://u:p@127.0.0.1:{port}/x")

    assert (failure.kind, failure.labels["phase"]) == (FailureKind.TIMEOUT, "startup")
    assert time.monotonic() - started < 9.5


def test_a_second_address_is_tried_when_the_first_does_not_answer(postgres):
    password = postgres.password
    hosts = f"127.0.0.2:{postgres.port},127.0.0.1:{postgres.port}"

    seen = look(f"postgresql://scheduler:{password}@{hosts}/meeting_scheduler")

    assert seen.last("postgres.connect").labels["host"] == "127.0.0.1"
    ((_, failure),) = seen.failures("postgres.connect.address")
    assert (failure.labels["address"], failure.kind) == ("127.0.0.2", FailureKind.REFUSED)


@contextlib.contextmanager
def _server(answer):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stopped = threading.Event()

        def serve():
            while not stopped.is_set():
                with contextlib.suppress(OSError):
                    line, _ = listener.accept()
                    with line:
                        if not stopped.is_set() and line.recv(100):
                            answer(line)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        stopped.set()
        with contextlib.suppress(OSError):
            socket.create_connection(listener.getsockname(), 0.2).close()


@pytest.fixture(scope="module")
def tiny():
    """A server of our own with few slots, which tests may use up."""
    with running_postgres(
        {"max_connections": 8, "superuser_reserved_connections": 2, "max_prepared_transactions": 2}
    ) as server:
        yield server


def test_used_up_slots_are_exhausted_for_the_application_and_visible_to_the_superuser(tiny):
    with contextlib.ExitStack() as held:
        with contextlib.suppress(psycopg.OperationalError):
            for _ in range(8):
                held.enter_context(connect(tiny.url, "hog"))
        failure = why(tiny.url)
        seen = look(tiny.superuser_url)

    assert (failure.kind, failure.labels["sqlstate"]) == (FailureKind.EXHAUSTED, "53300")
    assert failure.hint
    used, reserved, limit = (seen.value(f"postgres.connections.{name}") for name in ("used", "reserved", "limit"))
    assert used >= limit - reserved
    assert seen.value("postgres.connections", application="hog") == used


def test_the_limit_of_a_role_is_exhausted_too(tiny):
    tiny.execute("CREATE ROLE narrow LOGIN PASSWORD 'n' CONNECTION LIMIT 1")
    url = f"postgresql://narrow:n@127.0.0.1:{tiny.port}/meeting_scheduler"
    with connect(url):
        failure = why(url)

    assert (failure.kind, failure.labels["sqlstate"]) == (FailureKind.EXHAUSTED, "53300")
    assert "role" in failure.message


def test_a_host_that_pg_hba_rejects_is_forbidden(tiny):
    rules = tiny.data_directory / "pg_hba.conf"
    before = rules.read_text()
    rules.write_text("host all rejected 127.0.0.1/32 reject\n" + before)
    tiny.reload()
    try:
        failure = why(f"postgresql://rejected:secret@127.0.0.1:{tiny.port}/meeting_scheduler")
    finally:
        rules.write_text(before)
        tiny.reload()

    assert (failure.kind, failure.labels["sqlstate"]) == (FailureKind.FORBIDDEN, "28000")


def test_a_session_that_is_ended_midway_keeps_what_it_saw(tiny):
    def end():
        with connect(tiny.superuser_url, autocommit=True) as connection:
            sql = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {MIDWAY}"
            wait_until(lambda: connection.execute(sql).fetchone())

    thread = threading.Thread(target=end)
    thread.start()
    seen = look(tiny.superuser_url)
    thread.join()

    assert seen.readings("postgres.connect")
    ((_, failure),) = seen.all_failures()
    assert (failure.kind, failure.labels["sqlstate"]) == (FailureKind.RESET, "57P01")


def test_behind_a_transaction_pooler_nothing_of_ours_stays_in_the_session(postgres):
    session = open_session(parse_database_url(postgres.superuser_url), SYSTEM_CLOCK)
    with session:
        session.command("RESET ALL")
        session.pooled = True  # as when the pooler's key is not the server's pid

        assert session.query("activity") is not None
        with pytest.raises(StatementError, match="read-only"):
            session.rows("CREATE TABLE nobody_wants_this ()")

        session.pooled = False
        assert session.rows("SELECT current_setting('statement_timeout') AS t") == [{"t": "0"}]


def test_a_prepared_transaction_that_nobody_owns_is_a_blocker(tiny):
    tiny.execute("CREATE TABLE t (id int PRIMARY KEY, x int)")
    tiny.execute("INSERT INTO t VALUES (1, 1)")
    with connect(tiny.superuser_url) as connection:
        connection.execute("UPDATE t SET x = 2")
        connection.execute("PREPARE TRANSACTION 'orphan'")
    try:
        with waiting(tiny.superuser_url, "UPDATE t SET x = 3", "victim"):
            seen = look(tiny.superuser_url)
    finally:
        tiny.execute("ROLLBACK PREPARED 'orphan'")

    (wait,) = seen.readings("postgres.lock.wait")
    assert (wait.labels["blocker_pid"], wait.labels["blocker_kind"]) == ("0", "prepared")
    assert "orphan" in wait.labels["blocker_query"]


def test_a_server_that_freezes_during_the_visit_ends_the_probe_in_time(tiny, monkeypatch):
    from diagnostics.system_monitor.postgres import probe as module

    monkeypatch.setattr(module, "LIFETIME_SECONDS", 1.5)
    with connect(tiny.superuser_url) as connection:
        backend = None

        def freeze():
            nonlocal backend
            sql = f"SELECT pid FROM pg_stat_activity WHERE {MIDWAY}"
            wait_until(lambda: connection.execute(sql).fetchone() or connection.rollback())
            backend = connection.execute(sql).fetchone()[0]
            os.kill(backend, 19)

        thread = threading.Thread(target=freeze)
        thread.start()
        started = time.monotonic()
        try:
            seen = Observations(PostgresProbe(tiny.superuser_url).observe(SYSTEM_CLOCK))
        finally:
            thread.join()
            os.kill(backend, 18)

    assert time.monotonic() - started < 15
    assert seen.readings("postgres.connect")
    assert [f for _, f in seen.all_failures() if f.kind is FailureKind.TIMEOUT]


# -- migrations ----------------------------------------------------------------------------------------------


@pytest.fixture
def repository(tmp_path):
    versions = tmp_path / "db" / "versions"
    versions.mkdir(parents=True)
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/db\n")
    (tmp_path / "db" / "env.py").write_text("raise SystemExit('nobody may run this')\n")
    head = "from alembic import op\nimport sqlalchemy as sa\nraise SystemExit('nobody may run this')\n"
    (versions / "a1_first.py").write_text(
        head + "revision = 'a1'\ndown_revision = None\n"
        "def upgrade():\n    op.create_table('items', sa.Column('id', sa.Integer), "
        "sa.Column('email', sa.Text), sa.Column('price', sa.Integer))\n"
    )
    (versions / "b2_notes.py").write_text(
        head + "revision = 'b2'\ndown_revision = 'a1'\n"
        "def upgrade():\n    op.add_column('items', sa.Column('note', sa.Text))\n"
        "    op.create_table('tags', sa.Column('id', sa.Integer))\n"
    )
    return tmp_path


def stamp(url, *revisions):
    with connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
        for revision in revisions:
            connection.execute("INSERT INTO alembic_version VALUES (%s)", [revision])


def test_a_migration_that_was_not_applied_is_named_with_what_is_missing(database, repository):
    stamp(database, "a1")

    seen = look(database, repository=repository)

    assert seen.last("postgres.migration").labels == {
        "database_revision": "a1",
        "code_heads": "b2",
        "state": "behind",
    }
    assert [(r.labels["table"], r.labels["column"]) for r in seen.readings("postgres.model.missing")] == [
        ("items", "note"),
        ("tags", ""),
    ]


def test_an_applied_migration_is_current(database, repository):
    stamp(database, "b2")
    with connect(database, autocommit=True) as connection:
        connection.execute("ALTER TABLE items ADD COLUMN note text")
        connection.execute("CREATE TABLE tags (id int)")

    seen = look(database, migrations=repository / "db")

    assert seen.last("postgres.migration").labels["state"] == "current"
    assert not seen.readings("postgres.model.missing")


def test_a_stamped_but_missing_column_is_still_seen(database, repository):
    stamp(database, "b2")

    seen = look(database, repository=repository)

    assert seen.last("postgres.migration").labels["state"] == "current"
    assert seen.readings("postgres.model.missing", table="items", column="note")


def test_two_heads_a_stranger_and_no_table_are_told_apart(database, repository):
    assert look(database, repository=repository).last("postgres.migration").labels["state"] == "no_table"

    stamp(database, "zz9")
    assert look(database, repository=repository).last("postgres.migration").labels["state"] == "unknown_revision"

    (repository / "db" / "versions" / "c3.py").write_text("revision = 'c3'\ndown_revision = 'a1'\n")
    assert look(database, repository=repository).last("postgres.migration").labels["state"] == "multiple_heads"


def test_a_revision_that_git_once_had_means_the_code_went_back(database, repository):
    git = ["git", "-C", str(repository), "-c", "user.name=t", "-c", "user.email=t@t"]
    newest = repository / "db" / "versions" / "b2_notes.py"
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"]):
        subprocess.run([*git, *command], check=True)
    newest.unlink()
    subprocess.run([*git, "commit", "-qam", "older"], check=True)
    stamp(database, "b2")

    assert look(database, repository=repository).last("postgres.migration").labels["state"] == "ahead"


# -- experiments ---------------------------------------------------------------------------------------------


def test_a_direct_connection_is_timed(database):
    assert 0 < direct_connection(database).value("postgres.direct") < 2


def test_a_missing_index_is_explained_from_the_normalised_statement(database):
    seen = explain(database, "SELECT * FROM items WHERE email = $1 AND price > $2")

    (scan,) = seen.readings("postgres.explain.seq_scan")
    assert (scan.labels["table"], scan.value) == ("items", 5000)
    assert float(scan.labels["cost"]) > 0
    assert seen.last("postgres.explain.index_candidate").labels["columns"] == "email, price"


def test_an_index_that_is_there_already_is_no_candidate_although_the_plan_scans_the_table(database):
    with connect(database, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute("CREATE INDEX items_price ON items (price)")
        connection.execute(f"ALTER DATABASE {name} SET random_page_cost = 1000")  # nobody takes an index then
        try:
            seen = explain(database, "SELECT * FROM items WHERE price > $1")
        finally:
            connection.execute(f"ALTER DATABASE {name} RESET random_page_cost")
            connection.execute("DROP INDEX items_price")

    assert seen.readings("postgres.explain.seq_scan")
    assert not seen.readings("postgres.explain.index_candidate")


def test_a_statement_is_found_by_its_number(database):
    with connect(database, autocommit=True) as connection:
        connection.execute("SELECT max(price) FROM items WHERE email = 'x'")
        row = connection.execute(
            "SELECT queryid FROM pg_stat_statements WHERE query LIKE 'SELECT max(price)%' AND dbid = "
            "(SELECT oid FROM pg_database WHERE datname = current_database())"
        ).fetchone()

    seen = explain(database, queryid=str(row[0]))

    assert seen.last("postgres.explain.index_candidate").labels["columns"] == "email"


def test_explaining_a_write_changes_nothing_and_nonsense_is_a_failure(database):
    assert explain(database, "DELETE FROM items WHERE email = $1").readings("postgres.explain.seq_scan")
    with connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM items").fetchone() == (5000,)

    for query in ("DELETE FROM items; SELECT 1", "DROP TABLE items", "SELECT nothing FROM nowhere"):
        seen = explain(database, query)
        assert isinstance(list(seen)[-1], ProbeFailure)


def test_the_volumes_of_a_server_on_this_host_are_read(postgres):
    found = look(postgres.url).readings("host.disk.free_ratio")

    assert [r.labels["used_by"] for r in found] == ["database"]
    assert found[0].labels["path"] == str(postgres.data_directory)
    assert 0 <= found[0].value <= 1


def test_a_standby_that_replays_late_is_seen_from_the_primary():
    with running_postgres() as primary, running_standby(primary, {"recovery_min_apply_delay": "1s"}) as standby:
        primary.execute("CREATE TABLE t (n int)")
        wait_until(lambda: standby.execute("SELECT to_regclass('t')") != [(None,)])
        primary.execute("INSERT INTO t VALUES (1)")

        def lags():
            return [r.value for r in look(primary.url).readings("postgres.replication.lag_seconds")]

        wait_until(lambda: lags() and max(lags()) > 0.5)

        assert look(standby.url).value("postgres.in_recovery") == 1
