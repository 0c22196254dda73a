"""Every executable remedy: the fault is there, it is applied and heals, it is undone and all is as before."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from examples.support.postgres import Postgres
from sqlalchemy.engine import make_url

from diagnostics.errors import ApplyError, ConfigurationError, DiagnosticsError
from diagnostics.model.change import ChangeState, ImplementationStatus, RiskLevel
from diagnostics.safe_implementation import SafeImplementationManager, action_names, get_action, list_changes, recover
from diagnostics.safe_implementation.snapshotters.postgres_tools import connect, rows, server_of, value


@pytest.fixture
def database(postgres: Postgres, fresh_database: str) -> str:
    return postgres.url_of(str(make_url(fresh_database).database), superuser=True)


@pytest.fixture
def manager(tmp_path: Path, database: str) -> SafeImplementationManager:
    return SafeImplementationManager(backup_dir=tmp_path / "store", db_engine=database)


@pytest.fixture
def plain(tmp_path: Path) -> SafeImplementationManager:
    return SafeImplementationManager(backup_dir=tmp_path / "store")


def run(url: str, sql: str) -> None:
    with connect(server_of(url)) as connection:
        rows(connection, sql)


def ask(url: str, sql: str) -> Any:
    with connect(server_of(url)) as connection:
        return value(connection, sql)


# ------------------------------------------------------------ sessions


@pytest.fixture
def idle_in_transaction(database: str) -> Iterator[int]:
    run(database, "CREATE TABLE t (x int); INSERT INTO t VALUES (1)")
    with connect(server_of(database), application="leaky", autocommit=False) as holder:
        rows(holder, "UPDATE t SET x = 2")
        yield int(value(holder, "SELECT pg_backend_pid()"))


def test_the_session_that_blocks_others_is_ended_and_they_go_on(
    manager: SafeImplementationManager, database: str, idle_in_transaction: int
) -> None:
    waiter = subprocess.Popen([
        sys.executable,
        "-c",
        ("import psycopg, sys\npsycopg.connect(sys.argv[1], autocommit=True).execute('UPDATE t SET x = 3')"),
        database.replace("+psycopg", ""),
    ])  # fmt: skip
    try:
        deadline = time.monotonic() + 10
        while not ask(database, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        plan = manager.plan_action("terminate-session", {"blocker_pid": str(idle_in_transaction)})
        assert plan.applicable
        assert "leaky" in plan.dry_run
        assert "1 sessions wait" in plan.dry_run
        with pytest.raises(ApplyError, match="consent"):
            manager.run_action(plan)

        result = manager.run_action(plan, consent=True, verification_function=lambda: waiter.wait(10) == 0)

        assert result.succeeded, result.error_message
        assert ask(database, "SELECT x FROM t") == 3
    finally:
        waiter.kill()
        waiter.wait()
    assert not manager.plan_action("terminate-session", {"backend_pid": str(idle_in_transaction)}).applicable


def test_a_session_that_has_begun_another_transaction_is_left_alone(
    manager: SafeImplementationManager, database: str
) -> None:
    with connect(server_of(database), autocommit=False) as holder:
        pid = value(holder, "SELECT pg_backend_pid()")
        plan = manager.plan_action("terminate-session", {"backend_pid": str(pid)})
        holder.commit()
        rows(holder, "SELECT 1")

        result = manager.run_action(plan, consent=True)

        assert result.result is ImplementationStatus.ROLLED_BACK
        assert "no longer the one" in str(result.error_message)
        assert value(holder, "SELECT 2") == 2


def test_a_process_of_the_server_is_never_ended(manager: SafeImplementationManager, database: str) -> None:
    pid = ask(database, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'")
    plan = manager.plan_action("terminate-session", {"backend_pid": str(pid)})
    assert not plan.applicable
    assert "checkpointer" in plan.reason


def test_a_query_is_cancelled_and_its_session_stays(manager: SafeImplementationManager, database: str) -> None:
    code = ("import psycopg, sys\nc = psycopg.connect(sys.argv[1], autocommit=True)\n"
            "print(c.execute('SELECT pg_backend_pid()').fetchone()[0], flush=True)\n"
            "try:\n    c.execute(\"SELECT pg_sleep(60), 'top secret literal'\")\n"
            "except psycopg.errors.QueryCanceled:\n    print('cancelled', c.execute('SELECT 1').fetchone()[0], flush=True)\n")  # fmt: skip
    client = subprocess.Popen(
        [sys.executable, "-c", code, database.replace("+psycopg", "")], stdout=subprocess.PIPE, text=True
    )
    try:
        assert client.stdout is not None
        pid = client.stdout.readline().strip()
        deadline = time.monotonic() + 10
        while not (plan := manager.plan_action("cancel-query", {"backend_pid": pid})).applicable:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert "top secret" not in plan.to_json()

        assert manager.run_action(plan, consent=True).succeeded
        assert client.stdout.readline() == "cancelled 1\n"
    finally:
        client.kill()
        client.wait()


# ------------------------------------------------------------ indexes


@pytest.fixture
def big_table(database: str) -> str:
    run(database, "CREATE TABLE meetings (id int, manager_id int, note text); "
                  "INSERT INTO meetings SELECT i, i % 500, 'n' FROM generate_series(1, 20000) i; ANALYZE meetings")  # fmt: skip
    return database


def index_names(url: str) -> list[str]:
    with connect(server_of(url)) as connection:
        return [
            name
            for (name,) in rows(connection, "SELECT indexname FROM pg_indexes WHERE tablename = 'meetings' ORDER BY 1")
        ]


SUBJECT = {"table": "meetings", "columns": "manager_id"}


def test_the_missing_index_is_created_used_and_taken_away_again(
    manager: SafeImplementationManager, big_table: str
) -> None:
    plan = manager.plan_action("create-index", SUBJECT)
    assert "CREATE INDEX CONCURRENTLY" in plan.commands[1]
    assert manager.assess_action(plan).risk_level is RiskLevel.LOW

    def planner_uses_it() -> bool:
        return "Seq Scan" not in str(ask(big_table, "EXPLAIN SELECT * FROM meetings WHERE manager_id = 7"))

    assert not planner_uses_it()

    result = manager.run_action(plan, verification_function=planner_uses_it)

    assert result.succeeded, result.error_message
    assert index_names(big_table) == ["ix_meetings_manager_id"]
    assert not manager.plan_action("create-index", SUBJECT).applicable
    assert manager.rollback_change(str(result.backup_id)).succeeded
    assert index_names(big_table) == []


def test_an_index_that_does_not_help_is_dropped_again(manager: SafeImplementationManager, big_table: str) -> None:
    result = manager.run_action(manager.plan_action("create-index", SUBJECT), verification_function=lambda: False)
    assert result.result is ImplementationStatus.ROLLED_BACK
    assert index_names(big_table) == []


def test_an_invalid_left_over_is_replaced(manager: SafeImplementationManager, big_table: str) -> None:
    run(big_table, "CREATE INDEX ix_meetings_manager_id ON meetings (manager_id)")
    run(big_table, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_meetings_manager_id'::regclass")
    result = manager.run_action(manager.plan_action("create-index", SUBJECT), verification_function=lambda: True)
    assert result.succeeded, result.error_message
    assert ask(big_table, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_meetings_manager_id'::regclass")


def test_a_table_or_column_that_is_not_there_is_said_so(manager: SafeImplementationManager, big_table: str) -> None:
    assert "no plain table" in manager.plan_action("create-index", {"table": "nope", "columns": "x"}).reason
    plan = manager.plan_action("create-index", {"table": "meetings", "columns": "nope; DROP TABLE meetings"})
    assert not plan.applicable
    with pytest.raises(ConfigurationError, match="table"):
        manager.plan_action("create-index", {"columns": "x"})


def test_killed_while_the_index_is_built_recovery_leaves_none(tmp_path: Path, big_table: str) -> None:
    code = """
import os, signal, sys, threading
from diagnostics.safe_implementation import SafeImplementationManager
from diagnostics.safe_implementation.snapshotters.postgres_tools import connect, server_of, value
url = sys.argv[2]
def kill_when_building():
    with connect(server_of(url)) as c:
        while not value(c, "SELECT count(*) FROM pg_stat_activity WHERE query ILIKE 'CREATE INDEX%' AND state = 'active'"):
            pass
    os.kill(os.getpid(), signal.SIGKILL)
manager = SafeImplementationManager(backup_dir=sys.argv[1], db_engine=url)
plan = manager.plan_action("create-index", {"table": "meetings", "columns": "manager_id"})
threading.Thread(target=kill_when_building, daemon=True).start()
manager.run_action(plan)
"""
    # An open transaction makes the concurrent build wait, so that the kill falls into its middle.
    with connect(server_of(big_table), autocommit=False) as holder:
        rows(holder, "UPDATE meetings SET note = 'held' WHERE id = 1")
        child = subprocess.run([sys.executable, "-c", code, str(tmp_path / "store"), big_table], timeout=60, check=False,
                               capture_output=True, text=True)  # fmt: skip
        assert child.returncode == -9, child.stderr
    outcome = recover(tmp_path / "store")[0]
    assert outcome.state is ChangeState.ROLLED_BACK, outcome.message
    assert index_names(big_table) == []
    assert (
        ask(big_table, "SELECT count(*) FROM pg_stat_activity WHERE query ILIKE 'CREATE INDEX%' AND state = 'active'")
        == 0
    )


# ------------------------------------------------------------ settings


def setting(url: str, name: str) -> str:
    return str(ask(url, f"SELECT current_setting('{name}')"))


def test_a_server_setting_is_changed_reloaded_and_set_back(manager: SafeImplementationManager, database: str) -> None:
    before = setting(database, "work_mem")
    plan = manager.plan_action("set-postgres-setting", {"setting": "work_mem", "value": "16384kB"})
    result = manager.run_action(plan, verification_function=lambda: setting(database, "work_mem") == "16MB")
    try:
        assert result.succeeded, result.error_message
    finally:
        undone = manager.rollback_change(str(result.backup_id))
    assert undone.succeeded, undone.error_message
    assert setting(database, "work_mem") == before
    assert (
        ask(database, "SELECT count(*) FROM pg_file_settings WHERE name = 'work_mem' AND sourcefile LIKE '%auto.conf'")
        == 0
    )


def test_an_earlier_value_of_a_database_setting_comes_back(manager: SafeImplementationManager, database: str) -> None:
    name = str(make_url(database).database)
    run(database, f"ALTER DATABASE \"{name}\" SET statement_timeout = '123ms'")
    plan = manager.plan_action(
        "set-postgres-setting", {"setting": "statement_timeout", "value": "30s", "scope": "database"}
    )
    result = manager.run_action(plan, verification_function=lambda: setting(database, "statement_timeout") == "30s")
    assert result.succeeded, result.error_message
    assert manager.rollback_change(str(result.backup_id)).succeeded
    assert setting(database, "statement_timeout") == "123ms"


def test_a_connection_limit_of_a_database_is_raised_and_restored(
    manager: SafeImplementationManager, database: str
) -> None:
    name = str(make_url(database).database)
    run(database, f'ALTER DATABASE "{name}" CONNECTION LIMIT 3')
    plan = manager.plan_action(
        "set-postgres-setting", {"setting": "connection_limit", "value": "50", "scope": "database"}
    )
    result = manager.run_action(plan, verification_function=lambda: False)
    assert result.result is ImplementationStatus.ROLLED_BACK
    assert ask(database, "SELECT datconnlimit FROM pg_database WHERE datname = current_database()") == 3


def test_a_value_that_the_server_refuses_leaves_all_as_it_was(
    manager: SafeImplementationManager, database: str
) -> None:
    before = setting(database, "work_mem")
    plan = manager.plan_action("set-postgres-setting", {"setting": "work_mem", "value": "lots"})
    result = manager.run_action(plan)
    assert result.result is ImplementationStatus.ROLLED_BACK
    assert "invalid value" in str(result.error_message)
    assert setting(database, "work_mem") == before


def test_settings_that_nobody_knows_or_that_hold_secrets_are_refused(manager: SafeImplementationManager) -> None:
    assert "no setting" in manager.plan_action("set-postgres-setting", {"setting": "wurk_mem", "value": "1"}).reason
    assert "secret" in manager.plan_action("set-postgres-setting", {"setting": "primary_conninfo", "value": "1"}).reason
    plan = manager.plan_action("set-postgres-setting", {"setting": "max_connections", "value": "200"})
    assert "restart" in " ".join(plan.steps)


# ------------------------------------------------------------ migrations


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    folder = tmp_path / "project" / "migrations"
    (folder / "versions").mkdir(parents=True)
    (folder / "env.py").write_text(
        "from alembic import context\nfrom sqlalchemy import create_engine\n"
        "url = context.config.get_main_option('sqlalchemy.url')\n"
        "if context.is_offline_mode():\n"
        "    context.configure(url=url, literal_binds=True)\n"
        "    with context.begin_transaction():\n        context.run_migrations()\n"
        "else:\n    with create_engine(url).connect() as c:\n"
        "        context.configure(connection=c)\n        with context.begin_transaction():\n            context.run_migrations()\n"
    )
    head = "from alembic import op\nimport sqlalchemy as sa\nrevision = {0!r}\ndown_revision = {1!r}\n"
    (folder / "versions" / "a.py").write_text(
        head.format("aaa1", None)
        + "def upgrade():\n    op.create_table('people', sa.Column('id', sa.Integer, primary_key=True))\n"
        "def downgrade():\n    op.drop_table('people')\n"
    )
    (folder / "versions" / "b.py").write_text(
        head.format("bbb2", "aaa1") + "def upgrade():\n    op.add_column('people', sa.Column('email', sa.String(80)))\n"
        "def downgrade():\n    op.drop_column('people', 'email')\n"
    )
    return folder


def has_email(url: str) -> bool:
    return bool(
        ask(
            url, "SELECT count(*) FROM information_schema.columns WHERE table_name = 'people' AND column_name = 'email'"
        )
    )


@pytest.fixture
def behind(database: str) -> str:
    run(database, "CREATE TABLE people (id serial PRIMARY KEY); CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY); "
                  "INSERT INTO alembic_version VALUES ('aaa1')")  # fmt: skip
    return database


def test_the_missing_migration_is_run_and_undone(
    manager: SafeImplementationManager, behind: str, migrations: Path
) -> None:
    plan = manager.plan_action("run-migrations", {"repository": str(migrations.parent)})
    assert plan.applicable, plan.reason
    assert any("ALTER TABLE people ADD COLUMN email" in command for command in plan.commands)
    assert not has_email(behind)

    result = manager.run_action(plan, verification_function=lambda: has_email(behind))

    assert result.succeeded, result.error_message
    assert not manager.plan_action("run-migrations", {"migrations": str(migrations)}).applicable
    undone = manager.rollback_change(str(result.backup_id))
    assert undone.succeeded, undone.error_message
    assert not has_email(behind)
    assert ask(behind, "SELECT version_num FROM alembic_version") == "aaa1"


def test_a_migration_that_cannot_get_its_lock_gives_up_and_nothing_is_changed(
    manager: SafeImplementationManager, behind: str, migrations: Path
) -> None:
    plan = manager.plan_action("run-migrations", {"migrations": str(migrations)})
    with connect(server_of(behind), autocommit=False) as holder:
        rows(holder, "SELECT * FROM people")
        result = manager.run_action(plan)
    assert result.result is ImplementationStatus.ROLLED_BACK
    assert "lock timeout" in str(result.error_message)
    assert not has_email(behind)


def test_a_folder_without_migrations_is_said_so(manager: SafeImplementationManager, tmp_path: Path) -> None:
    assert "No Alembic folder" in manager.plan_action("run-migrations", {"repository": str(tmp_path)}).reason


# ------------------------------------------------------------ commits and files


def git(repository: Path, *arguments: str) -> str:
    quiet = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@x", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@x"}
    done = subprocess.run(
        ["git", *arguments], cwd=repository, capture_output=True, text=True, check=True, env={**os.environ, **quiet}
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    for number, text in enumerate(["def f():\n    return 1\n", "def f():\n    raise KeyError\n"]):
        (folder / "app.py").write_text(text)
        (folder / "other.txt").write_text("fixed\n")
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", f"commit {number}")
    return folder


def test_a_bad_commit_is_reverted_and_the_revert_is_undone(plain: SafeImplementationManager, repository: Path) -> None:
    bad = git(repository, "rev-parse", "HEAD")
    (repository / "other.txt").write_text("my own unfinished work\n")
    plan = plain.plan_action("revert-commit", {"repository": str(repository), "sha": bad})
    assert plan.applicable, plan.reason
    assert "return 1" in plan.dry_run

    result = plain.run_action(plan, verification_function=lambda: "return 1" in (repository / "app.py").read_text())

    assert result.succeeded, result.error_message
    assert "Revert" in git(repository, "log", "-1", "--format=%s")
    undone = plain.rollback_change(str(result.backup_id))
    assert undone.succeeded, undone.error_message
    assert git(repository, "rev-parse", "HEAD") == bad
    assert "raise KeyError" in (repository / "app.py").read_text()
    assert (repository / "other.txt").read_text() == "my own unfinished work\n"
    assert git(repository, "status", "--porcelain") == "M other.txt"


def test_a_revert_that_does_not_help_leaves_the_repository_as_it_was(
    plain: SafeImplementationManager, repository: Path
) -> None:
    bad = git(repository, "rev-parse", "HEAD")
    result = plain.run_action(
        plain.plan_action("revert-commit", {"repository": str(repository), "commit": bad[:10]}),
        verification_function=lambda: False,
    )
    assert result.result is ImplementationStatus.ROLLED_BACK, result.error_message
    assert git(repository, "rev-parse", "HEAD") == bad
    assert git(repository, "status", "--porcelain") == ""


def test_a_revert_that_conflicts_needs_a_person(plain: SafeImplementationManager, repository: Path) -> None:
    bad = git(repository, "rev-parse", "HEAD")
    (repository / "app.py").write_text("def f():\n    raise ValueError\n")
    git(repository, "commit", "-q", "-am", "on top")
    head = git(repository, "rev-parse", "HEAD")
    result = plain.run_action(plain.plan_action("revert-commit", {"repository": str(repository), "sha": bad}))
    assert result.result is ImplementationStatus.ROLLED_BACK, result.error_message
    assert "without a person" in str(result.error_message)
    assert git(repository, "rev-parse", "HEAD") == head
    assert git(repository, "status", "--porcelain") == ""


def test_uncommitted_work_in_the_same_file_forbids_a_revert(plain: SafeImplementationManager, repository: Path) -> None:
    (repository / "app.py").write_text("work in progress\n")
    plan = plain.plan_action("revert-commit", {"repository": str(repository), "sha": "HEAD"})
    assert "no commit id" in plan.reason
    plan = plain.plan_action(
        "revert-commit", {"repository": str(repository), "sha": git(repository, "rev-parse", "HEAD")}
    )
    assert "not committed" in plan.reason


@pytest.mark.parametrize("at", range(1, 40, 4))
def test_a_revert_that_is_killed_is_undone_by_the_next_start(tmp_path: Path, repository: Path, at: int) -> None:
    bad = git(repository, "rev-parse", "HEAD")
    code = """
import os, signal, sys
from diagnostics.safe_implementation import SafeImplementationManager
seen = 0
def checkpoint(label):
    global seen
    seen += 1
    if seen == int(sys.argv[4]):
        os.kill(os.getpid(), signal.SIGKILL)
manager = SafeImplementationManager(backup_dir=sys.argv[1], checkpoint=checkpoint)
plan = manager.plan_action("revert-commit", {"repository": sys.argv[2], "sha": sys.argv[3]})
manager.run_action(plan, verification_function=lambda: True)
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "store"), str(repository), bad, str(at)],
                          timeout=60, check=False, capture_output=True, text=True)  # fmt: skip
    assert done.returncode == -9, done.stderr
    outcomes = recover(tmp_path / "store")
    assert not any(outcome.needs_person for outcome in outcomes), outcomes
    changes = list_changes(tmp_path / "store")
    if not (changes and changes[-1].state is ChangeState.COMMITTED):
        assert git(repository, "rev-parse", "HEAD") == bad
        assert "raise KeyError" in (repository / "app.py").read_text()
    assert git(repository, "status", "--porcelain") == ""


def test_an_earlier_version_of_a_file_is_put_back_with_its_mode(
    plain: SafeImplementationManager, repository: Path
) -> None:
    path = repository / "app.py"
    path.chmod(0o640)
    plan = plain.plan_action("restore-file", {"path": str(path), "version": "HEAD~1"})
    assert "+    return 1" in plan.dry_run
    result = plain.run_action(plan, verification_function=lambda: "return 1" in path.read_text())
    assert result.succeeded, result.error_message
    assert path.stat().st_mode & 0o777 == 0o640
    assert plain.rollback_change(str(result.backup_id)).succeeded
    assert "raise KeyError" in path.read_text()


def test_a_log_is_rotated_while_its_writer_goes_on_and_can_be_put_back(
    plain: SafeImplementationManager, tmp_path: Path
) -> None:
    log = tmp_path / "app.log"
    content = b"".join(b"line %d\n" % i for i in range(50_000))
    log.write_bytes(content)
    with log.open("ab", buffering=0) as writer:
        result = plain.run_action(
            plain.plan_action("rotate-log", {"path": str(log)}), verification_function=lambda: log.stat().st_size == 0
        )
        assert result.succeeded, result.error_message
        writer.write(b"after\n")
    archive = next(tmp_path.glob("app.log.*.gz"))
    assert gzip.decompress(archive.read_bytes()) == content
    assert log.read_bytes() == b"after\n"
    assert plain.rollback_change(str(result.backup_id)).succeeded
    assert log.read_bytes() == content + b"after\n"
    assert not list(tmp_path.glob("*.gz"))


def test_emptying_a_file_needs_consent(plain: SafeImplementationManager, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text("gone soon")
    plan = plain.plan_action("truncate-file", {"path": str(log)})
    assert plain.assess_action(plan).risk_level >= RiskLevel.HIGH
    with pytest.raises(ApplyError):
        plain.run_action(plan)
    assert log.read_text() == "gone soon"
    assert plain.run_action(plan, consent=True, verification_function=lambda: True).succeeded
    assert log.read_text() == ""


# ------------------------------------------------------------ processes


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait()


def state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_a_stopped_process_is_continued_and_stopped_again_by_the_undo(
    plain: SafeImplementationManager, sleeper: subprocess.Popen[bytes]
) -> None:
    os.kill(sleeper.pid, signal.SIGSTOP)
    while state_of(sleeper.pid) != "T":
        time.sleep(0.01)
    result = plain.run_action(
        plain.plan_action("signal-process", {"pid": str(sleeper.pid), "signal": "CONT"}),
        consent=True,
        verification_function=lambda: state_of(sleeper.pid) in "SR",
    )
    assert result.succeeded, result.error_message
    assert plain.rollback_change(str(result.backup_id)).succeeded
    ends = time.monotonic() + 10  # a signal takes effect when the kernel next runs the process
    while state_of(sleeper.pid) != "T" and time.monotonic() < ends:
        time.sleep(0.01)
    assert state_of(sleeper.pid) == "T"


def test_a_process_is_restarted(
    plain: SafeImplementationManager, sleeper: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    marker = tmp_path / "pid"
    command = f"{sys.executable} -c \"import os,time; open('{marker}','w').write(str(os.getpid())); time.sleep(30)\""
    plan = plain.plan_action("restart-process", {"pid": str(sleeper.pid), "command": command})
    result = plain.run_action(plan, consent=True, verification_function=marker.exists)
    try:
        assert result.succeeded, result.error_message
        assert sleeper.poll() is not None
    finally:
        if marker.exists():
            os.kill(int(marker.read_text()), signal.SIGKILL)


def test_our_own_process_and_one_that_is_gone_are_refused(plain: SafeImplementationManager) -> None:
    assert "our own" in plain.plan_action("signal-process", {"pid": str(os.getpid())}).reason
    assert "no process" in plain.plan_action("signal-process", {"pid": "4194000"}).reason


def test_every_name_in_the_registry_is_an_action() -> None:
    for name in action_names():
        assert get_action(name).name == name
    with pytest.raises(ConfigurationError, match="terminate-session"):
        get_action("make-coffee")
    with pytest.raises(DiagnosticsError, match="--db"):
        get_action("create-index").plan({"table": "t", "columns": "c"}, None)


def test_a_plan_shown_or_written_never_holds_the_password(manager: SafeImplementationManager, database: str) -> None:
    password = str(make_url(database).password)
    run(database, "CREATE TABLE t (x int)")
    plan = manager.plan_action("create-index", {"table": "t", "columns": "x"})
    assert password in plan.parameters["url"]
    assert password not in plan.to_json() + repr(plan) + str(dict(plan))
    result = manager.run_action(plan, verification_function=lambda: True)
    told = result.to_json() + "".join(path.read_text() for path in (manager.backup_dir / "impl").iterdir())
    assert password not in told


def test_a_neighbour_is_paused_only_with_consent_and_goes_on_after_the_undo(
    plain: SafeImplementationManager, sleeper: subprocess.Popen[bytes]
) -> None:
    plan = plain.plan_action("signal-process", {"pid": str(sleeper.pid)})
    assert (plan.irreversible, plan.needs_consent) == (False, True)
    with pytest.raises(ApplyError, match="may serve others"):
        plain.run_action(plan)
    result = plain.run_action(plan, consent=True, verification_function=lambda: state_of(sleeper.pid) == "T")
    assert result.succeeded
    assert plain.rollback_change(str(result.backup_id)).succeeded
    assert state_of(sleeper.pid) in "RS"


def test_what_a_role_may_not_do_and_a_database_that_is_away_are_answers_and_no_tracebacks(
    plain: SafeImplementationManager, fresh_database: str
) -> None:
    plan = plain.plan_action("set-postgres-setting", {"setting": "work_mem", "value": "8MB"}, database=fresh_database)
    assert not plan.applicable
    assert "superuser" in plan.reason
    away = "postgresql://u:geheim-geheim@127.0.0.1:9/x"
    for name, subject in (("terminate-session", {"pid": "1"}), ("create-index", {"table": "t", "columns": "c"})):
        plan = plain.plan_action(name, subject, database=away)
        assert not plan.applicable
        assert "geheim" not in plan.reason
        assert "refused" in plan.reason
