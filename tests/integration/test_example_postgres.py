"""The private PostgreSQL that everything else stands on."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg
import pytest
from examples.support.postgres import running_postgres
from sqlalchemy import create_engine, text


def test_the_application_role_owns_its_database_and_is_no_superuser(postgres):
    rows = postgres.execute(
        "SELECT current_user, rolsuper, pg_has_role('pg_monitor', 'MEMBER'),"
        " (SELECT datdba = r.oid FROM pg_database WHERE datname = current_database())"
        " FROM pg_roles r WHERE rolname = current_user",
        superuser=False,
    )

    assert rows == [("scheduler", False, True, True)]


def test_its_url_works_with_sqlalchemy_and_statements_are_counted():
    # A server of its own: the shared one may have counted more statements than it keeps.
    with running_postgres() as own:
        engine = create_engine(own.url)
        with engine.connect() as connection:
            connection.execute(text("SELECT 42 AS the_answer_to_count"))
            seen = connection.execute(
                text("SELECT query FROM pg_stat_statements WHERE query LIKE '%the_answer_to_count%'")
            )
            assert seen.all()
        engine.dispose()


def test_the_password_is_asked_for(postgres):
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(f"postgresql://scheduler:wrong@127.0.0.1:{postgres.port}/meeting_scheduler")


def test_the_unix_socket_works_too(postgres):
    url = postgres.socket_url_of().replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT inet_server_addr()").fetchone() == (None,)


def test_the_server_runs_as_an_unprivileged_user_even_when_we_are_root(postgres):
    assert psutil.Process(postgres.postmaster_pid).uids().real != 0


def test_settings_stop_start_and_reload_do_what_they_say():
    with running_postgres({"max_connections": 23}) as server:
        assert server.execute("SHOW max_connections") == [("23",)]

        server.stop("fast")
        with pytest.raises(psycopg.OperationalError):
            server.connect()
        with pytest.raises(RuntimeError, match="not running"):
            _ = server.postmaster_pid

        server.start({"max_connections": 31})
        assert server.execute("SHOW max_connections") == [("31",)]

        server.reload({"statement_timeout": "1234ms"})
        deadline = time.monotonic() + 5
        while server.execute("SHOW statement_timeout") != [("1234ms",)]:
            assert time.monotonic() < deadline
            time.sleep(0.02)

        assert "database system is ready" in server.log_file.read_text()


def test_a_wrong_setting_is_reported_with_the_servers_own_words():
    with pytest.raises(RuntimeError, match="max_connections"), running_postgres({"max_connections": "many"}):
        pass


def test_the_server_and_its_folder_go_when_their_owner_is_killed():
    program = (
        "import sys, time\n"
        "from examples.support.postgres import running_postgres\n"
        "with running_postgres() as server:\n"
        "    print(server.postmaster_pid, server.folder, flush=True)\n"
        "    time.sleep(60)\n"
    )
    root = Path(__file__).resolve().parents[2]
    owner = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=root)
    pid, folder = owner.stdout.readline().split(maxsplit=1)
    os.kill(owner.pid, signal.SIGKILL)
    owner.wait()
    owner.stdout.close()

    deadline = time.monotonic() + 10
    while _alive(int(pid)) or Path(folder.strip()).exists():
        assert time.monotonic() < deadline, "the server outlived its owner"
        time.sleep(0.05)


def test_each_fresh_database_is_empty_and_ones_own(fresh_database, postgres):
    with psycopg.connect(fresh_database.replace("postgresql+psycopg", "postgresql")) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        connection.execute("CREATE TABLE mine (id int)")

    assert tables == (0,)


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
