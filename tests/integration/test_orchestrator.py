"""The six phases from inside, against real PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine

from diagnostics.diagnostic_orchestrator import (
    Override,
    SessionStore,
    UltimateDiagnosticSystem,
    aquick_diagnostic_session,
)
from diagnostics.errors import DiagnosisIncompleteError

pytestmark = pytest.mark.alone


@pytest.fixture
def engine(fresh_database: str) -> Iterator[Engine]:
    made = create_engine(fresh_database)
    with made.begin() as connection:
        connection.execute(text("CREATE TABLE accounts (id int PRIMARY KEY, balance int)"))
        connection.execute(text("INSERT INTO accounts SELECT n, 100 FROM generate_series(1, 50) n"))
    yield made
    made.dispose()


@pytest.fixture
def blocked(fresh_database: str, engine: Engine) -> Iterator[None]:
    """One session forgot to commit, another waits for it."""
    plain = fresh_database.replace("+psycopg", "")
    with psycopg.connect(plain, application_name="import") as forgetful, psycopg.connect(plain) as waiter:
        forgetful.execute("UPDATE accounts SET balance = 0")

        def wait() -> None:
            try:
                waiter.execute("UPDATE accounts SET balance = 1 WHERE id = 7")
            except psycopg.Error:
                return

        thread = threading.Thread(target=wait, daemon=True)
        thread.start()
        time.sleep(9.0)  # an ordinary transaction does not stay idle for so long
        yield
        with contextlib.suppress(psycopg.Error):  # a test may have ended the session
            forgetful.rollback()
        thread.join(10)


def diagnosed(engine: Any, tmp_path: Path, **settings: Any) -> UltimateDiagnosticSystem:
    system = UltimateDiagnosticSystem("test", engine, changes_dir=tmp_path / "changes", **settings)
    system.phase_1_triage("Saving hangs", "canceling statement due to lock timeout")
    system.phase_2_systematic_diagnosis()
    system.phase_3_hypothesis_testing()
    system.phase_4_root_cause_analysis()
    return system


@pytest.mark.usefixtures("blocked")
def test_the_cause_is_named_with_the_session_that_is_to_blame(engine: Engine, tmp_path: Path) -> None:
    store = SessionStore(tmp_path / "sessions.db")

    system = diagnosed(engine, tmp_path, store=store)

    assert system.diagnosis is not None
    cause = system.diagnosis.root_cause
    assert cause is not None
    assert cause.mechanism == "idle-in-transaction-blocks-writers"
    assert cause.subject["application"] == "import"
    kept = store.load("last")
    assert kept["root_cause"]["mechanism"] == cause.mechanism
    assert engine.url.password is not None
    assert engine.url.password not in json.dumps(kept)


@pytest.mark.usefixtures("blocked")
def test_the_map_s_own_remedy_ends_the_session_and_the_finding_flips(engine: Engine, tmp_path: Path) -> None:
    system = diagnosed(engine, tmp_path)

    result = system.phase_5_apply_remedy(consent=True)

    assert result.success, result.implementation_result["error_message"]
    assert system.look_for("idle-in-transaction-blocks-writers") is False


def test_a_solution_without_a_diagnosis_is_refused_and_does_not_run(engine: Engine, tmp_path: Path) -> None:
    ran: list[str] = []
    system = diagnosed(engine, tmp_path)

    with pytest.raises(DiagnosisIncompleteError):
        system.phase_5_safe_solution_implementation("guess", lambda: ran.append("guess"))

    assert ran == []


def test_a_person_s_override_runs_and_is_printed_in_the_report(engine: Engine, tmp_path: Path) -> None:
    system = UltimateDiagnosticSystem("test", engine, changes_dir=tmp_path / "changes")

    result = system.phase_5_safe_solution_implementation(
        "restart", lambda: None, lambda: True, override=Override(name="Ada", reason="seen it before")
    )

    assert result.success
    assert system.generate_comprehensive_report()["solution"]["override"] == {"name": "Ada", "reason": "seen it before"}


def test_a_failed_verification_brings_files_back(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "settings.ini"
    file.write_text("workers=4\n")
    system = UltimateDiagnosticSystem("test", engine, changes_dir=tmp_path / "changes")

    result = system.phase_5_safe_solution_implementation(
        "more workers",
        lambda: file.write_text("workers=400\n"),
        lambda: False,
        files_to_modify=[file],
        override=Override(name="Ada", reason="test"),
    )

    assert result.status == "ROLLED_BACK"
    assert file.read_text() == "workers=4\n"


def test_phase_six_watches_to_the_end_and_says_whether_the_fix_holds(engine: Engine, tmp_path: Path) -> None:
    system = diagnosed(engine, tmp_path)
    system.watched_findings = ("db-lock-wait", "pg-server-down")

    result = system.phase_6_post_solution_monitoring(0.25, wait=True, interval_seconds=2.0)

    assert result.state == "done"
    assert result.verdict in ("holds", "inconclusive"), system._watch._watch.verdict()
    assert system.generate_comprehensive_report()["success_metrics"]["monitoring_completed"] is True


def test_the_loop_goes_on_while_the_phases_run_and_an_async_engine_is_accepted(
    fresh_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    async def main() -> tuple[dict[str, Any], float]:
        engine = create_async_engine(fresh_database.replace("+psycopg", "+asyncpg"))
        worst = 0.0

        async def tick() -> None:
            nonlocal worst
            while True:
                began = time.monotonic()
                await asyncio.sleep(0.01)
                worst = max(worst, time.monotonic() - began - 0.01)

        ticking = asyncio.create_task(tick())
        report = await aquick_diagnostic_session("Is it slow?", db_engine=engine)
        ticking.cancel()
        await engine.dispose()
        return report, worst

    report, worst = asyncio.run(main())

    assert report["success_metrics"]["diagnostic_completed"] is True
    assert worst < 1.0
