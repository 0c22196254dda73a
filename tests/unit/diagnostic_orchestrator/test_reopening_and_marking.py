"""A cause that is back reopens its session; a change is silent while it is made, and the charts show it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from diagnostics.diagnostic_orchestrator import Override, SessionStore, UltimateDiagnosticSystem
from diagnostics.diagnostic_orchestrator.marking import mark_beside
from diagnostics.diagnostic_orchestrator.reopening import reopen
from diagnostics.model.event import EventKind
from diagnostics.model.target import Target
from diagnostics.post_solution_monitoring import PostSolutionMonitor, SqliteHistory

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def document(name, mechanism="db-lock-wait", verdict=None, **subject):
    made = {
        "session_info": {"session_id": name, "problem_description": "slow"},
        "root_cause": {"mechanism": mechanism, "subject": subject},
        "timeline": [{"at": NOW.isoformat(), "what": "began", "kind": "phase_1"}],
    }
    return made | ({"monitoring": {"verdict": verdict}} if verdict else {})


@pytest.fixture
def store(tmp_path):
    return SessionStore(tmp_path / "sessions.db")


def saved(store, name, hours=0, **values):
    store.save(name, document(name, **values), status="root_cause_identified", at=NOW + timedelta(hours=hours))


def test_the_same_cause_after_a_fix_that_held_reopens_that_session_and_links_it(store):
    saved(store, "old", verdict="holds", table="orders")

    found = reopen(store, "new", document("new", table="orders"), NOW + timedelta(days=1))

    assert found == "old"
    (kept,) = store.list()
    assert kept.status == "reopened"
    assert store.load("old")["reopened_by"] == ["new"]
    assert "session new" in store.load("old")["timeline"][-1]["what"]


def test_a_session_is_reopened_once_however_often_phase_4_runs(store):
    saved(store, "old", verdict="holds")
    for _ in range(3):
        assert reopen(store, "new", document("new"), NOW) == "old"
    assert store.load("old")["reopened_by"] == ["new"]


@pytest.mark.parametrize(
    "earlier",
    [{"verdict": "returned"}, {"verdict": None}, {"verdict": "holds", "mechanism": "disk-full"}, {"verdict": "holds", "table": "other"}],
)  # fmt: skip
def test_another_cause_another_subject_or_a_fix_that_never_held_is_left_alone(store, earlier):
    saved(store, "old", **earlier)
    assert reopen(store, "new", document("new"), NOW) is None
    assert store.list()[0].status == "root_cause_identified"


def test_a_diagnosis_without_a_cause_or_without_a_store_reopens_nothing(store):
    assert reopen(store, "new", document("new"), NOW) is None
    assert reopen(store, "new", {"root_cause": None}, NOW) is None


def changed(tmp_path, *, helps):
    monitor = PostSolutionMonitor(default_checks=False)
    system = UltimateDiagnosticSystem("test", target=Target(name="test"), changes_dir=tmp_path / "changes")
    system.monitor = monitor
    silent = []

    def seen():
        silent.append(monitor.get_current_health().maintenance)
        return helps

    system.phase_5_safe_solution_implementation(
        "more workers", seen, seen, override=Override(name="Ada", reason="test")
    )
    return monitor, silent


@pytest.mark.parametrize(("helps", "kind"), [(True, EventKind.FIX), (False, EventKind.ROLLBACK)])
def test_alerts_are_silent_from_the_change_to_the_end_of_its_verification_and_the_charts_show_it(tmp_path, helps, kind):
    monitor, silent = changed(tmp_path, helps=helps)

    assert len(silent) >= 2
    assert all("more workers" in reason for reason in silent)
    assert monitor.get_current_health().maintenance == ""
    assert [(event.kind, event.title) for event in monitor.history.events()] == [(kind, "more workers")]


def test_the_command_line_marks_the_history_beside_the_sessions_and_makes_none(tmp_path):
    beside = tmp_path / "sessions.db"
    mark_beside(beside, EventKind.FIX, "index", subject="s", at=NOW)
    assert not (tmp_path / "history.db").exists()

    SqliteHistory(tmp_path / "history.db").close()
    mark_beside(beside, EventKind.FIX, "index", subject="s", at=NOW)
    history = SqliteHistory(tmp_path / "history.db")
    assert [event.title for event in history.events()] == ["index"]
    history.close()
