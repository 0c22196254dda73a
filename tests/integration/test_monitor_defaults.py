"""The checks that a monitor starts with, against real disks, limits and databases."""

from __future__ import annotations

import os
import resource
import socket
import sqlite3
import subprocess
import sys
import time

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import QueuePool

from diagnostics.errors import ConfigurationError
from diagnostics.model.health import CheckState, HealthStatus
from diagnostics.post_solution_monitoring import CheckResult, HealthCheck, PostSolutionMonitor
from diagnostics.post_solution_monitoring.checks import result_of
from diagnostics.post_solution_monitoring.database_check import DatabaseAnswers
from diagnostics.post_solution_monitoring.default_checks import disk_space, memory_available, own_descriptors
from diagnostics.runtime.deadline import run_side_by_side


def ask(engine) -> CheckResult:
    """Ask as the monitor does: on a worker thread, under a deadline."""
    check = HealthCheck(name="db", check_function=DatabaseAnswers(engine), interval_seconds=1, timeout_seconds=20)
    return result_of(run_side_by_side({"db": check.check_function}, 20)["db"], 20)


def variant(url, driver):
    return url.replace(url.split("://")[0], driver, 1)


def test_a_monitor_without_configuration_knows_this_host():
    report = PostSolutionMonitor().run_once()
    assert set(report.component_status) == {"disk_space", "memory_usage", "file_descriptors"}
    assert HealthStatus.UNKNOWN not in report.component_status.values()
    assert {"disk_percent", "memory_percent", "open_descriptors"} <= set(report.performance_metrics)


def test_disk_numbers_are_those_of_df(tmp_path):
    result = disk_space([str(tmp_path), str(tmp_path)])
    df = subprocess.run(["df", "--output=pcent", str(tmp_path)], capture_output=True, text=True, check=True)
    assert result.metrics["disk_percent"] == pytest.approx(float(df.stdout.split()[1].rstrip("%")), abs=2)
    assert result.detail.count("GiB free") == 1, "one file system is named once"


def test_a_path_that_is_gone_is_a_failure_with_its_reason(tmp_path):
    outcome = run_side_by_side({"disk": lambda: disk_space([str(tmp_path / "gone")])}, 10)["disk"]
    result = result_of(outcome, 10)
    assert result.state is CheckState.FAIL
    assert "gone" in result.detail


def test_memory_is_that_of_the_kernel():
    assert 0 < memory_available().metrics["memory_percent"] < 100


def test_a_process_that_runs_out_of_descriptors_fails_before_it_has_none():
    program = (
        "import os, resource\n"
        "from diagnostics.post_solution_monitoring.default_checks import own_descriptors\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))\n"
        "kept = [os.open('/dev/null', os.O_RDONLY) for _ in range({opened})]\n"
        "print(own_descriptors().state)\n"
    )

    def state(opened):
        done = subprocess.run(
            [sys.executable, "-c", program.format(opened=opened)],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
        return done.stdout.strip()

    assert [state(10), state(83), state(93)] == ["pass", "warn", "fail"]


def test_descriptors_are_counted_against_the_soft_limit():
    before = own_descriptors().metrics["open_descriptors"]
    with open(os.devnull):
        after = own_descriptors()
    assert after.metrics["open_descriptors"] == before + 1
    assert str(resource.getrlimit(resource.RLIMIT_NOFILE)[0]) in after.detail


# ---- databases


@pytest.mark.parametrize("driver", ["postgresql+psycopg", "postgresql+psycopg2"])
def test_postgresql_answers(postgres_url, driver):
    engine = create_engine(variant(postgres_url, driver))
    result = ask(engine)
    assert result.state is CheckState.PASS, result.detail
    assert 0 < result.metrics["db_response_time_ms"] < 1000
    engine.dispose()


@pytest.mark.parametrize("driver", ["postgresql+asyncpg", "postgresql+psycopg"])
def test_an_async_engine_is_asked_in_a_loop_of_its_own(postgres_url, driver):
    pytest.importorskip("greenlet", reason="SQLAlchemy's asyncio needs greenlet")
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine(variant(postgres_url, driver).split("?")[0])
    result = ask(engine)
    assert result.state is CheckState.PASS, result.detail


def test_an_exhausted_pool_of_the_application_is_neither_used_nor_waited_for(postgres_url):
    engine = create_engine(variant(postgres_url, "postgresql+psycopg"), pool_size=1, max_overflow=0, pool_timeout=60)
    with engine.connect() as held:
        held.execute(text("SELECT 1"))
        began = time.monotonic()
        assert ask(engine).state is CheckState.PASS
        assert time.monotonic() - began < 5
        assert engine.pool.checkedout() == 1
    engine.dispose()


def test_the_connection_is_gone_after_the_check(postgres_url):
    engine = create_engine(variant(postgres_url, "postgresql+psycopg"))
    ask(engine)
    with engine.connect() as connection:
        query = text("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'diagnostics-monitor'")
        for _ in range(100):
            if connection.execute(query).scalar_one() == 0:
                break
            time.sleep(0.05)
        assert connection.execute(query).scalar_one() == 0
    engine.dispose()


def test_a_wrong_password_fails_and_is_not_shown(postgres_url):
    engine = create_engine(variant(postgres_url, "postgresql+psycopg"))
    wrong = engine.url.set(username="nobody_of_that_name", password="hunter2-secret")
    result = ask(create_engine(wrong))
    assert result.state is CheckState.FAIL
    assert "nobody_of_that_name" in result.detail
    assert "hunter2-secret" not in result.detail


def test_an_engine_whose_url_is_not_all_it_needs_is_reached_its_own_way(postgres_url):
    import psycopg

    dsn = variant(postgres_url, "postgresql")
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(dsn), poolclass=QueuePool)
    # The URL alone leads nowhere here.
    alone = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
    engine.url = alone.url
    assert ask(alone).state is CheckState.FAIL
    result = ask(engine)
    assert result.state is CheckState.PASS, result.detail
    assert engine.pool.checkedout() == 0


@pytest.mark.parametrize("scheme", ["postgresql+psycopg", "postgresql+psycopg2"])
def test_nobody_listening_is_refused_at_once(scheme):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    result = ask(f"{scheme}://app:hunter2@127.0.0.1:{port}/shop")
    assert result.state is CheckState.FAIL
    assert "hunter2" not in result.detail
    assert "refused" in result.detail.lower()


def test_a_server_that_accepts_and_says_nothing_times_out():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        check = DatabaseAnswers(f"postgresql+psycopg://app@127.0.0.1:{silent.getsockname()[1]}/shop")
        began = time.monotonic()
        result = result_of(run_side_by_side({"db": check}, 20)["db"], 20)
    assert result.state is CheckState.FAIL
    assert time.monotonic() - began < 15


def test_sqlite_is_asked_without_being_created_or_changed(tmp_path):
    path = tmp_path / "shop.db"
    missing = ask(f"sqlite:///{path}")
    assert missing.state is CheckState.FAIL
    assert not path.exists()

    sqlite3.connect(path).execute("CREATE TABLE t (x)").connection.close()
    assert ask(f"sqlite:///{path}").state is CheckState.PASS
    assert ask(create_engine("sqlite:///:memory:")).state is CheckState.PASS


def test_a_driver_that_is_missing_is_a_broken_check_not_a_sick_database():
    result = ask("nosuchdialect://app@db/shop")
    assert result.state is CheckState.UNKNOWN


def test_what_is_no_engine_is_refused_when_the_monitor_is_made():
    with pytest.raises(ConfigurationError, match="db_engine"):
        PostSolutionMonitor(None, object())


def test_a_database_that_goes_away_is_alerted_once():
    from examples.support.postgres import running_postgres

    told = []
    with running_postgres() as server:
        url = variant(server.url, "postgresql+psycopg")
        monitor = PostSolutionMonitor(None, create_engine(url), told.append)
        for name in ("disk_space", "memory_usage", "file_descriptors"):
            monitor.remove_health_check(name)
        assert monitor.run_once().overall_status is HealthStatus.HEALTHY
    for _ in range(3):
        report = monitor.run_once()
    assert report.overall_status is HealthStatus.CRITICAL
    assert [alert.component for alert in told] == ["database_connectivity"]
