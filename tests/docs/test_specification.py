"""Every Python block of the specification runs as written, against the example and a real PostgreSQL.

The names that the specification leaves to its reader (`your_db_engine`, `app`, `request_data`, ...) are given here; the text of the
blocks is not touched.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from examples.meeting_scheduler.load import Load
from examples.meeting_scheduler.stack import Stack, running_stack
from examples.support.postgres import Postgres
from sqlalchemy import create_engine, text

pytestmark = pytest.mark.alone

SPECIFICATION = Path(__file__).parents[2] / "docs" / "specification.md"
BLOCKS = re.findall(r"```python\n(.*?)```", SPECIFICATION.read_text(encoding="utf-8"), re.DOTALL)


def block(containing: str) -> str:
    """Return the one block that holds this text."""
    found = [b for b in BLOCKS if containing in b]
    assert len(found) == 1, containing
    return found[0]


@pytest.fixture(scope="module")
def stack(postgres: Postgres) -> Iterator[Stack]:
    with running_stack(postgres=postgres) as running, Load(running.base_url, rate=10.0, seed=1):
        yield running


@pytest.fixture
def sick(stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """The example with a session that forgot to commit, and the names that the specification leaves to its reader."""
    monkeypatch.chdir(tmp_path)
    engine = create_engine(stack.database_url)
    session = psycopg.connect(stack.database_url.replace("+psycopg", ""), application_name="import")
    session.execute("UPDATE meetings SET title = title WHERE starts_at > now()")
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    deadline = time.monotonic() + 30
    with engine.connect() as connection:
        while connection.execute(waiting).scalar_one() == 0:
            assert time.monotonic() < deadline, "nobody waits for the lock"
            time.sleep(0.2)
            connection.rollback()
    time.sleep(9)  # an ordinary transaction does not stay idle for so long

    def your_fix_function() -> None:
        """End the session that forgot to commit."""
        session.close()

    def your_verification_function() -> bool:
        """Whether nobody has been blocked for two seconds; those who waited need a moment to go through."""
        blocked = text(
            "SELECT count(*) FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0 "
            "AND now() - query_start > interval '2 s'"
        )
        until = time.monotonic() + 8
        with engine.connect() as connection:
            while connection.execute(blocked).scalar_one() > 0:
                if time.monotonic() > until:
                    return False
                time.sleep(0.1)
                connection.rollback()
        return True

    yield {
        "your_db_engine": engine,
        "db_engine": engine,
        "your_fix_function": your_fix_function,
        "your_verification_function": your_verification_function,
    }
    session.close()
    engine.dispose()


def test_every_python_block_is_covered_here() -> None:
    known = (
        "phase_1_triage", "quick_diagnostic_session(", "def create_meeting(meeting_data)", "process_meeting_request",
        "create_resource_exhaustion_hypothesis", "assess_solution_impact", "add_health_check", "create_health_endpoint(monitor)",
    )  # fmt: skip

    assert len(BLOCKS) == len(known)
    assert all(any(name in b for name in known) for b in BLOCKS)


def test_the_full_session(sick: dict[str, Any], tmp_path: Path) -> None:
    exec(block("phase_1_triage"), sick)

    try:
        assert sick["triage_result"]["priority"] in ("P0_CRITICAL", "P1_HIGH", "P2_MEDIUM", "P3_LOW")
        cause = sick["root_cause_result"]
        assert cause["mechanism"] == "idle-in-transaction-blocks-writers"
        assert cause["root_cause"]
        assert all(why.evidence for why in cause["five_whys"])
        assert {a["judgement"] for a in cause["user_answers"]} <= {"supported", "contradicted", "silent"}
        assert len(cause["user_answers"]) == 5
        assert "external_service_failure" in {h["hypothesis"] for h in sick["hypothesis_result"]["hypothesis_results"]}
        assert sick["implementation_result"]["success"], sick["implementation_result"]["implementation_result"][
            "error_message"
        ]
        assert sick["monitoring_result"]["state"] == "watching"
        report = sick["final_report"]
        wanted = json.loads(
            re.search(r"```json\n(.*?)```", SPECIFICATION.read_text(encoding="utf-8"), re.DOTALL).group(1)
        )
        assert set(wanted) <= set(report)
        assert set(wanted["session_info"]) <= set(report["session_info"])
        assert set(wanted["success_metrics"]) <= set(report["success_metrics"])
        assert set(wanted["performance_impact"]) <= set(report["performance_impact"])
        assert report["phases_completed"] == wanted["phases_completed"]
        assert report["success_metrics"]["solution_implemented"] is True
        json.dumps(report)
    finally:
        sick["diagnostic_system"].close()


def test_the_quick_session(sick: dict[str, Any]) -> None:
    exec(block("quick_diagnostic_session("), sick)

    assert sick["report"]["root_cause"]["mechanism"] == "idle-in-transaction-blocks-writers"
    assert sick["report"]["success_metrics"]["solution_implemented"] is True


def test_the_quick_session_refuses_a_fix_for_a_healthy_system(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from diagnostics import DiagnosisIncompleteError

    monkeypatch.chdir(tmp_path)
    ran: list[str] = []
    names = {
        "your_db_engine": create_engine(stack.database_url),
        "your_fix_function": lambda: ran.append("fix"),
        "your_verification_function": lambda: True,
    }

    with pytest.raises(DiagnosisIncompleteError) as refused:
        exec(block("quick_diagnostic_session("), names)

    assert ran == []
    assert refused.value.report is not None
    assert refused.value.report["success_metrics"]["solution_implemented"] is False


def test_function_instrumentation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"result": {"id": 1}}

    exec(block("def create_meeting(meeting_data)"), names)

    assert names["create_meeting"]({"title": "Retro"}) == {"id": 1}


def test_context_monitoring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from diagnostics import DiagnosticLogger

    monkeypatch.chdir(tmp_path)
    logger = DiagnosticLogger("meeting_service", tmp_path / "diagnostics.log")
    names: dict[str, Any] = {"logger": logger, "create_calendar_event": lambda data: {"event": data["title"]}}

    exec(block("process_meeting_request"), names)

    assert names["process_meeting_request"]({"title": "Retro", "password": "hunter2"}) == {"event": "Retro"}
    logger.flush()
    written = (tmp_path / "diagnostics.log").read_text(encoding="utf-8")
    assert "MEETING_REQUEST_PROCESSING" in written
    assert "BEFORE_CALENDAR_API_CALL" in written
    assert "CALENDAR_EVENT_CREATED" in written
    assert "hunter2" not in written


def test_common_hypotheses(stack: Stack) -> None:
    from diagnostics import HypothesisTester

    names: dict[str, Any] = {"db_engine": create_engine(stack.database_url)}

    exec(block("create_resource_exhaustion_hypothesis"), names)

    verdict = HypothesisTester().test_hypothesis("database_connectivity_issues", names["db_conditions"])
    assert str(verdict.verdict) == "refuted"
    assert names["resource_conditions"]
    assert names["api_conditions"]


def test_risk_assessment() -> None:
    from diagnostics import SafeImplementationManager

    names: dict[str, Any] = {"SafeImplementationManager": SafeImplementationManager}

    exec(block("assess_solution_impact"), names)

    for key in ("complexity_score", "risk_level", "estimated_time", "rollback_difficulty"):
        assert names["assessment"][key] is not None


def test_health_checks(stack: Stack) -> None:
    from diagnostics import DiagnosticLogger

    names: dict[str, Any] = {
        "logger": DiagnosticLogger("meeting_service"),
        "db_engine": create_engine(stack.database_url),
        "test_api_response": lambda: 180,
    }

    exec(block("add_health_check"), names)

    monitor = names["monitor"]
    try:
        monitor.run_once()
        assert str(monitor.get_current_health().component_status["api_response_time"]) == "HEALTHY"
    finally:
        monitor.stop_monitoring()


def test_web_framework_integration() -> None:
    from fastapi import FastAPI
    from fastapi.testclient import TestClient
    from flask import Flask

    from diagnostics import PostSolutionMonitor

    source = block("create_health_endpoint(monitor)")
    flask_part, fastapi_part = source.split("# FastAPI")
    for fine, status in ((True, 200), (False, 503)):
        monitor = PostSolutionMonitor(default_checks=False)
        monitor.add_health_check("fine", lambda fine=fine: fine, interval_seconds=60)
        for _ in range(5):
            monitor.run_once()

        flask_names: dict[str, Any] = {"monitor": monitor, "app": Flask("example")}
        exec(flask_part, flask_names)
        assert flask_names["app"].test_client().get("/health").status_code == status

        fastapi_names: dict[str, Any] = {"monitor": monitor, "app": FastAPI()}
        exec(source.split("\n")[0] + "\n# FastAPI" + fastapi_part, fastapi_names)
        assert TestClient(fastapi_names["app"]).get("/health").status_code == status
