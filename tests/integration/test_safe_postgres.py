"""A real PostgreSQL is kept, proven, changed and brought back exactly."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from examples.support.postgres import Postgres
from sqlalchemy.engine import make_url

from diagnostics.errors import RollbackError, SnapshotError
from diagnostics.model.change import ChangeState, ImplementationStatus
from diagnostics.safe_implementation import (
    ImplementationStep,
    SafeImplementationManager,
    list_changes,
    recover,
    resolve,
)
from diagnostics.safe_implementation.snapshotters import postgres as snapshotter
from diagnostics.safe_implementation.snapshotters.postgres_tools import connect, find_tools, rows, server_of, value

SCHEMA = """
CREATE SCHEMA billing;
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE TABLE managers (id serial PRIMARY KEY, name varchar(80) NOT NULL, mood mood DEFAULT 'good', note text,
  status varchar(10) CHECK (status IN ('on', 'off')));
CREATE TABLE meetings (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, manager_id int REFERENCES managers(id) ON DELETE CASCADE,
  at timestamptz, price numeric(10,2), ratio double precision, data bytea, tags text[], doc jsonb, kind positive DEFAULT 1);
CREATE INDEX meetings_at ON meetings (at) WHERE kind > 0;
CREATE INDEX managers_trgm ON managers USING gin (name gin_trgm_ops);
CREATE VIEW upcoming AS SELECT m.id, g.name FROM meetings m JOIN managers g ON g.id = m.manager_id WHERE m.at > '2020-01-01';
CREATE MATERIALIZED VIEW counts AS SELECT manager_id, count(*) AS n FROM meetings GROUP BY 1;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := 'touched; ' || coalesce(NEW.note, ''); RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE UPDATE ON managers FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TABLE billing.invoices (id int, day date NOT NULL, total money) PARTITION BY RANGE (day);
CREATE TABLE billing.invoices_2026 PARTITION OF billing.invoices FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE lonely ("Weird Name" text, x int);
CREATE SEQUENCE free_numbers START 100;
SELECT nextval('free_numbers'), nextval('free_numbers');
INSERT INTO managers (name, mood, note, status) SELECT 'm' || i, CASE WHEN i % 2 = 0 THEN 'good' ELSE 'bad' END::mood, NULL, 'on'
  FROM generate_series(1, 50) i;
INSERT INTO meetings (manager_id, at, price, ratio, data, tags, doc)
  SELECT 1 + i % 50, '2026-01-01'::timestamptz + i * interval '1 hour', i / 3.0, i / 7.0, decode(md5(i::text), 'hex'),
         ARRAY['a', 'b' || i], jsonb_build_object('i', i, 't', E'line\\nbreak\\t"quoted"') FROM generate_series(1, 2000) i;
INSERT INTO billing.invoices SELECT i, '2026-02-01', i FROM generate_series(1, 20) i;
INSERT INTO lonely VALUES (E'tab\\there', 1), (NULL, 2), ('\\.', 3);
GRANT SELECT ON managers TO PUBLIC;
COMMENT ON TABLE managers IS 'people';
SELECT lo_from_bytea(0, 'large object');
"""


@pytest.fixture
def database(postgres: Postgres, fresh_database: str) -> str:
    """A database with every kind of object, as a role that may create scratch databases."""
    url = postgres.url_of(str(make_url(fresh_database).database), superuser=True)
    run(url, SCHEMA)
    return url


def run(url: str, sql: str) -> None:
    with connect(server_of(url)) as connection:
        rows(connection, sql)


def prints(url: str) -> snapshotter.Prints:
    with connect(server_of(url), autocommit=False) as connection:
        return snapshotter.fingerprint(connection)


def scratch_databases(url: str) -> list[str]:
    with connect(server_of(url)) as connection:
        return [
            name for (name,) in rows(connection, "SELECT datname FROM pg_database WHERE datname LIKE 'diag_proof%'")
        ]


@pytest.fixture
def manager(tmp_path: Path, database: str) -> SafeImplementationManager:
    return SafeImplementationManager(backup_dir=tmp_path / "store", db_engine=database)


HARM = """
DROP VIEW upcoming;
ALTER TABLE managers ADD COLUMN extra int DEFAULT 5;
UPDATE managers SET name = 'broken';
DELETE FROM meetings WHERE id % 3 = 0;
DROP TABLE lonely;
CREATE TABLE brand_new (id int PRIMARY KEY REFERENCES managers(id));
CREATE VIEW over_it AS SELECT * FROM meetings;
ALTER TYPE mood ADD VALUE 'ugly';
CREATE SCHEMA surprise; CREATE TABLE surprise.box (x int);
DROP FUNCTION touch() CASCADE;
CREATE EXTENSION hstore; CREATE TABLE uses_hstore (h hstore);
SELECT lo_unlink(oid) FROM pg_largeobject_metadata;
SELECT setval('free_numbers', 7);
DROP MATERIALIZED VIEW counts;
"""


def test_a_failed_verification_brings_schema_data_and_sequences_back_exactly(
    manager: SafeImplementationManager, database: str
) -> None:
    before = prints(database)

    result = manager.implement_solution_safely(
        "harmful",
        [ImplementationStep("harm", "do harm", lambda: run(database, HARM))],
        None,
        lambda: False,
        database=True,
    )

    assert result.result is ImplementationStatus.ROLLED_BACK, result.error_message
    assert snapshotter.differences(before, prints(database)) == []
    with connect(server_of(database)) as connection:
        assert value(connection, "SELECT count(*) FROM upcoming") == 2000
        assert value(connection, "SELECT count(*) FROM counts") == 50
        assert value(connection, "SELECT obj_description('managers'::regclass)") == "people"
        assert value(connection, "SELECT nextval('free_numbers')") == 102
    assert any("compared" in proof and "row by row" in proof for proof in result.proof)
    assert scratch_databases(database) == []


def test_a_good_change_stays_and_can_be_rolled_back_later(manager: SafeImplementationManager, database: str) -> None:
    before = prints(database)
    step = ImplementationStep("s", "s", lambda: run(database, "ALTER TABLE managers ADD COLUMN email text"))

    result = manager.implement_solution_safely("good", [step], None, lambda: True, database=True)
    assert result.succeeded
    with connect(server_of(database)) as connection:
        assert value(connection, "SELECT count(email) FROM managers") == 0

    undone = manager.rollback_change(str(result.backup_id))
    assert undone.succeeded, undone.error_message
    assert snapshotter.differences(before, prints(database)) == []
    assert list_changes(manager.backup_dir)[-1].revert_of == result.backup_id


def test_rows_written_by_others_after_the_change_are_never_lost(
    manager: SafeImplementationManager, database: str
) -> None:
    step = ImplementationStep("s", "s", lambda: run(database, "UPDATE managers SET note = 'x' WHERE id = 1"))
    result = manager.implement_solution_safely("good", [step], None, lambda: True, database=True)
    run(database, "INSERT INTO managers (name) VALUES ('newcomer')")

    undone = manager.rollback_change(str(result.backup_id))

    assert undone.result is ImplementationStatus.ROLLBACK_BLOCKED
    assert "written by somebody else" in undone.conflicts[0]
    with connect(server_of(database)) as connection:
        assert value(connection, "SELECT count(*) FROM managers WHERE name = 'newcomer'") == 1


def test_a_write_by_somebody_else_during_verification_blocks_the_way_back_until_a_person_decides(
    manager: SafeImplementationManager, database: str
) -> None:
    before = prints(database)

    def others_write_and_it_fails() -> bool:
        run(database, "INSERT INTO managers (name) VALUES ('newcomer')")
        return False

    step = ImplementationStep("s", "s", lambda: run(database, "UPDATE managers SET note = 'x' WHERE id = 1"))
    result = manager.implement_solution_safely("x", [step], None, others_write_and_it_fails, database=True)

    assert result.result is ImplementationStatus.ROLLBACK_BLOCKED
    assert "diagnose recover" in str(result.error_message)
    assert result.kept_copies
    with connect(server_of(database)) as connection:
        assert value(connection, "SELECT count(*) FROM managers WHERE name = 'newcomer'") == 1
    assert recover(manager.backup_dir)[0].needs_person
    with pytest.raises(RollbackError, match="waits for a person"):
        manager.implement_solution_safely("y", [step], None, lambda: True, database=True)

    outcome = resolve(manager.backup_dir, str(result.backup_id), "restore")

    assert outcome.state is ChangeState.ROLLED_BACK, outcome.message
    assert snapshotter.differences(before, prints(database), sequences=False) == []


def test_single_tables_are_kept_with_all_that_hangs_on_them(manager: SafeImplementationManager, database: str) -> None:
    before = prints(database)
    harm = """
      UPDATE managers SET name = 'broken'; DELETE FROM meetings WHERE id < 100; DROP VIEW upcoming;
      CREATE VIEW fresh AS SELECT * FROM managers; ALTER TABLE meetings DROP COLUMN doc;
    """

    result = manager.implement_solution_safely(
        "t", [ImplementationStep("s", "s", lambda: run(database, harm))], None, lambda: False, tables=["meetings"]
    )

    assert result.result is ImplementationStatus.ROLLED_BACK, result.error_message
    assert snapshotter.differences(before, prints(database)) == []
    assert scratch_databases(database) == []


def test_a_table_that_is_not_there_means_no_change(manager: SafeImplementationManager, database: str) -> None:
    ran: list[int] = []
    with pytest.raises(SnapshotError, match="no table nowhere"):
        manager.implement_solution_safely(
            "t", [ImplementationStep("s", "s", lambda: ran.append(1))], None, tables=["nowhere"]
        )
    assert not ran
    assert list_changes(manager.backup_dir)[0].state is ChangeState.ABORTED


def test_a_role_that_may_not_create_databases_gets_a_weaker_proof_that_says_so(tmp_path: Path, database: str) -> None:
    run(database, "DROP ROLE IF EXISTS small_app; CREATE ROLE small_app LOGIN PASSWORD 'hush-hush-1'; "
        "CREATE SCHEMA app AUTHORIZATION small_app; REVOKE ALL ON ALL TABLES IN SCHEMA billing FROM small_app; "
        "GRANT USAGE ON SCHEMA billing TO small_app; GRANT SELECT ON ALL TABLES IN SCHEMA public, billing TO small_app; "
        "GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO small_app; SELECT lo_unlink(oid) FROM pg_largeobject_metadata; "
        "SET ROLE small_app; CREATE TABLE app.mine AS SELECT 1 AS x; RESET ROLE")  # fmt: skip
    url = make_url(database).set(username="small_app", password="hush-hush-1").render_as_string(hide_password=False)
    small = SafeImplementationManager(backup_dir=tmp_path / "store", db_engine=url)
    try:
        result = small.implement_solution_safely(
            "t", [ImplementationStep("s", "s", lambda: run(url, "UPDATE app.mine SET x = 2"))], None, lambda: False,
            tables=["app.mine"],
        )  # fmt: skip

        assert result.result is ImplementationStatus.ROLLED_BACK, result.error_message
        assert "not restored on trial" in " ".join(result.proof)
        with connect(server_of(url)) as connection:
            assert value(connection, "SELECT x FROM app.mine") == 1
        with pytest.raises(SnapshotError, match=r"could not restore: .*owner postgres"):
            small.create_backup("all of it", include_database=True)
        everything = b"".join(p.read_bytes() for p in (tmp_path / "store" / "impl").iterdir())
        assert b"hush-hush-1" not in everything
        assert "hush-hush-1" not in result.to_json()
    finally:
        run(database, "DROP OWNED BY small_app CASCADE; DROP ROLE small_app")


def test_an_unreachable_database_means_no_change(tmp_path: Path) -> None:
    manager = SafeImplementationManager(
        backup_dir=tmp_path / "store", db_engine="postgresql://nobody:geheim123@127.0.0.1:9/none"
    )
    ran: list[int] = []
    with pytest.raises(SnapshotError) as caught:
        manager.implement_solution_safely(
            "t", [ImplementationStep("s", "s", lambda: ran.append(1))], None, database=True
        )
    assert not ran
    assert "geheim123" not in str(caught.value)


def test_client_programs_older_than_the_server_are_refused_with_what_to_install() -> None:
    with pytest.raises(SnapshotError, match="postgresql-client-99"):
        find_tools(99)


def test_a_session_that_holds_locks_makes_the_restore_wait_and_then_say_who_has_to_let_go(
    manager: SafeImplementationManager, database: str
) -> None:
    before = prints(database)
    with connect(server_of(database), autocommit=False) as holder:

        def verification() -> bool:
            rows(holder, "SELECT * FROM managers")  # a lock that only blocks exclusive ones
            return False

        step = ImplementationStep("s", "s", lambda: run(database, "UPDATE managers SET note = 'x'"))
        attempts = snapshotter.RESTORE_ATTEMPTS
        try:
            snapshotter.RESTORE_ATTEMPTS = 1
            result = manager.implement_solution_safely("x", [step], None, verification, database=True)
        finally:
            snapshotter.RESTORE_ATTEMPTS = attempts
    assert result.result is ImplementationStatus.ROLLBACK_BLOCKED
    assert "lock timeout" in str(result.error_message)

    outcome = resolve(manager.backup_dir, str(result.backup_id), "restore")

    assert outcome.state is ChangeState.ROLLED_BACK, outcome.message
    assert snapshotter.differences(before, prints(database)) == []


def test_a_snapshot_under_load_is_consistent(manager: SafeImplementationManager, database: str) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", ("import psycopg,sys,time\n"
         "c=psycopg.connect(sys.argv[1],autocommit=True)\n"
         "print('on',flush=True)\n"
         "while True:\n"
         "    c.execute(\"INSERT INTO managers (name) VALUES ('load')\"); c.execute(\"UPDATE lonely SET x = x + 1\")\n"),
         database.replace("+psycopg", "")],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert writer.stdout is not None
        writer.stdout.readline()
        backup = manager.create_backup("under load", include_database=True)
        assert manager.verify_backup(backup)
    finally:
        writer.kill()
        writer.wait()


CHILD = """
import os, signal, sys
from pathlib import Path
from diagnostics.safe_implementation import ImplementationStep, SafeImplementationManager
from diagnostics.safe_implementation.snapshotters.postgres_tools import connect, rows, server_of
store, url, path, at, good = sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]), sys.argv[5] == "good"
seen = 0
def checkpoint(label):
    global seen
    seen += 1
    if seen == at:
        sys.stdout.write(label); sys.stdout.flush()
        os.kill(os.getpid(), signal.SIGKILL)
def change():
    path.write_text("new")
    with connect(server_of(url)) as c:
        rows(c, "ALTER TABLE managers ADD COLUMN extra int DEFAULT 1")
        rows(c, "DELETE FROM meetings WHERE id < 500")
        rows(c, "CREATE TABLE brand_new (id int REFERENCES managers(id))")
manager = SafeImplementationManager(backup_dir=store, db_engine=url, checkpoint=checkpoint)
manager.implement_solution_safely("s", [ImplementationStep("s", "s", change)], None, lambda: good, files=[path], database=True)
sys.stdout.write(f"total {seen}")
"""


@pytest.fixture
def scene(tmp_path: Path, database: str) -> tuple[Path, str, Path]:
    path = tmp_path / "settings.ini"
    path.write_text("old")
    return tmp_path / "store", database, path


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("good", ["good", "bad"])
def test_killed_anywhere_the_next_start_finds_the_old_state_or_the_new_one(
    scene: tuple[Path, str, Path], good: str
) -> None:
    stores, url, path = scene
    store = stores / "0"
    before = prints(url)
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}

    def child(at: int) -> tuple[int, str]:
        done = subprocess.run([sys.executable, "-c", CHILD, str(store), url, str(path), str(at), good],
                              capture_output=True, text=True, env=environment, timeout=120, check=False)  # fmt: skip
        assert done.returncode in (0, -9), done.stderr
        return done.returncode, done.stdout

    code, output = child(-1)
    assert code == 0
    total = int(output.split()[-1])
    assert total > 40
    if good == "good":
        SafeImplementationManager(backup_dir=store, db_engine=url).rollback_change(list_changes(store)[-1].change_id)
    assert snapshotter.differences(before, prints(url)) == []

    points = sorted({1 + round(i * (total - 1) / 11) for i in range(12)})
    for at in points:
        store = stores / f"{at}"  # a store that knows the objects already would write less
        code, label = child(at)
        assert code == -9, label
        outcomes = recover(store)
        last = list_changes(store)[-1] if list_changes(store) else None
        committed = last is not None and last.state is ChangeState.COMMITTED and last.revert_of is None
        assert not any(outcome.needs_person for outcome in outcomes), (label, outcomes)
        assert recover(store) == []
        if committed:
            assert path.read_text() == "new", label
            manager = SafeImplementationManager(backup_dir=store, db_engine=url)
            assert manager.rollback_change(last.change_id).succeeded
        assert path.read_text() == "old", label
        assert snapshotter.differences(before, prints(url)) == [], label
        assert scratch_databases(url) == [], label


LATE = """
import os, signal, sys, threading
from diagnostics.safe_implementation import ImplementationStep, SafeImplementationManager
from diagnostics.safe_implementation.snapshotters.postgres_tools import connect, rows, server_of, value
store, url = sys.argv[1:]
def kill_when_running():
    with connect(server_of(url)) as c:
        while not value(c, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'UPDATE managers%' AND state = 'active'"):
            pass
    os.kill(os.getpid(), signal.SIGKILL)
def change():
    threading.Thread(target=kill_when_running, daemon=True).start()
    with connect(server_of(url)) as c:
        rows(c, "UPDATE managers SET name = 'late' FROM (SELECT pg_sleep(2)) AS s")
SafeImplementationManager(backup_dir=store, db_engine=url).implement_solution_safely(
    "s", [ImplementationStep("s", "s", change)], None, lambda: True, database=True)
"""


@pytest.mark.parametrize("through", ["tcp", "socket"])
def test_a_statement_that_outlives_its_killed_client_does_not_commit_after_recovery(
    tmp_path: Path, postgres: Postgres, database: str, through: str
) -> None:
    before = prints(database)
    name = str(make_url(database).database)
    url = database if through == "tcp" else postgres.socket_url_of(name, superuser=True)
    child = subprocess.run(
        [sys.executable, "-c", LATE, str(tmp_path / "store"), url],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert child.returncode == -9, child.stderr

    outcome = recover(tmp_path / "store")[0]

    assert outcome.state is ChangeState.ROLLED_BACK, outcome.message
    time.sleep(2.5)
    assert snapshotter.differences(before, prints(database)) == []


def test_an_ordinary_application_role_gets_its_own_database_back(tmp_path: Path, fresh_database: str) -> None:
    run(
        fresh_database,
        "CREATE TABLE people (id serial PRIMARY KEY, name text); INSERT INTO people (name) VALUES ('Ada'), ('Bo')",
    )
    before = prints(fresh_database)
    manager = SafeImplementationManager(backup_dir=tmp_path / "store", db_engine=fresh_database)
    harm = "DROP TABLE people; CREATE TABLE people (id int); CREATE VIEW all_people AS SELECT * FROM people"

    result = manager.implement_solution_safely(
        "t", [ImplementationStep("s", "s", lambda: run(fresh_database, harm))], None, lambda: False, database=True
    )

    assert result.result is ImplementationStatus.ROLLED_BACK, result.error_message
    assert snapshotter.differences(before, prints(fresh_database)) == []
