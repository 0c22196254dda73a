"""The application: who is let in, what is refused, and that nothing hostile comes through."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from diagnostics.dashboard import Access, Board, Role, create_dashboard
from diagnostics.diagnostic_orchestrator.store import SessionStore
from diagnostics.errors import ProbeError
from diagnostics.model.alert import AlertRule
from diagnostics.model.event import EventKind
from diagnostics.model.health import CheckResult, CheckState
from diagnostics.post_solution_monitoring import MemoryHistory, PostSolutionMonitor
from diagnostics.post_solution_monitoring.rollup import Bucket
from diagnostics.testing import FakeClock

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
SECRET = "hunter2-hunter2"
TOKENS = {Role.OPERATOR: "operator-operator", Role.VIEWER: "viewer-viewer-view"}
PAGES = [
    "/",
    "/metrics",
    "/alerts",
    "/sessions",
    "/sessions/s1",
    "/kpis",
    "/settings",
    "/export",
    "/sessions/s1/report",
]
FORMS = ["/logout", "/alerts/x/acknowledge", "/silence", "/sessions/s1/answer"]


@pytest.fixture
def clock():
    return FakeClock(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def monitor(clock):
    made = PostSolutionMonitor(
        history=MemoryHistory(), clock=clock, default_checks=False, rule=AlertRule(bad_to_fire=1, window=1)
    )
    made.add_health_check(
        HOSTILE,
        lambda: CheckResult(state=CheckState.FAIL, detail=f"{HOSTILE} postgresql://app:{SECRET}@db/x"),
        10,
    )
    made.start_monitoring()
    made.wait(60)
    return made


@pytest.fixture
def board(monitor, clock, tmp_path):
    store = SessionStore(tmp_path / "sessions.db")
    store.save(
        "s1",
        {
            "session_info": {"session_id": "s1", "problem_description": HOSTILE},
            "verdict": {"status": "root_cause_identified", "headline": HOSTILE},
            "root_cause": {"title": HOSTILE, "whys": [{"question": HOSTILE, "answer": HOSTILE, "evidence": [HOSTILE]}]},
            "evidence": [{"id": HOSTILE, "name": "x", "value": HOSTILE}],
            "phases_completed": ["phase_1"],
        },
        status="root_cause_identified",
        at=clock.now(),
    )
    return Board(monitor.history, sessions=store, monitor=monitor, clock=clock)


@pytest.fixture
def app(board):
    access = Access()
    for role, token in TOKENS.items():
        access.allow(token, role)
    return create_dashboard(board, access)


def client_of(app, role=None, **values):
    client = TestClient(app, base_url="http://127.0.0.1:8765", follow_redirects=False, **values)
    if role is not None:
        assert client.post("/login", data={"token": TOKENS[role]}).status_code == 303
    return client


def form_token(client, page="/alerts"):
    return re.search(r'name="form_token" value="(\w+)"', client.get(page).text).group(1)


@pytest.mark.parametrize("path", [*PAGES, "/events"])
def test_without_a_sign_in_nothing_is_shown(app, path):
    stranger = client_of(app)
    assert stranger.get(path).status_code == 401
    answer = stranger.get(path, headers={"accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert "api" not in answer.text


@pytest.mark.parametrize("path", FORMS)
def test_without_a_sign_in_nothing_is_done(app, path):
    assert client_of(app).post(path, data={"form_token": "x", "minutes": "5"}).status_code == 401


@pytest.mark.parametrize("path", PAGES)
def test_nothing_hostile_comes_through_and_no_secret(app, path):
    answer = client_of(app, Role.OPERATOR).get(path)
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "<img" not in answer.text
    assert SECRET not in answer.text
    assert TOKENS[Role.OPERATOR] not in answer.text


@pytest.mark.parametrize("path", [*PAGES, "/login", "/nowhere", "/static/dashboard.js"])
def test_every_answer_forbids_what_pages_do_not_need(app, path):
    headers = client_of(app, Role.VIEWER).get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe-inline" not in headers["content-security-policy"] or path in ("/export", "/sessions/s1/report")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("path", ["/", "/metrics", "/alerts", "/sessions/s1", "/kpis", "/settings", "/login"])
def test_pages_hold_no_inline_style_or_script(app, path):
    text = client_of(app, Role.VIEWER).get(path).text
    assert not re.search(r"\sstyle=|<style|<script(?! src)|\son\w+=\"", text)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "localhost.evil:8765"])
def test_a_name_that_is_not_ours_is_refused(app, host):
    assert client_of(app, Role.VIEWER).get("/", headers={"host": host}).status_code == 400


def test_a_viewer_looks_and_does_not_act(app, board):
    viewer = client_of(app, Role.VIEWER)
    alert = board.alerts()[0].alert_id
    answer = viewer.post(f"/alerts/{alert}/acknowledge", data={"form_token": form_token(viewer)})
    assert answer.status_code == 403
    assert not board.events(EventKind.ACKNOWLEDGED)
    assert "Acknowledge:" not in viewer.get("/alerts").text


def test_an_operator_acknowledges_once_with_a_form_of_ours(app, board):
    operator = client_of(app, Role.OPERATOR)
    (form,) = set(re.findall(r'action="(/alerts/[^"]+)"', operator.get("/alerts").text))
    assert operator.post(form, data={"form_token": "forged"}).status_code == 403
    assert operator.post(form).status_code == 403
    assert not board.events(EventKind.ACKNOWLEDGED)

    assert operator.post(form, data={"form_token": form_token(operator)}).status_code == 303

    (seen,) = board.events(EventKind.ACKNOWLEDGED)
    assert (seen.subject, seen.who) == (board.alerts()[0].alert_id, "operator")
    assert "acknowledged by operator" in operator.get("/alerts").text


def test_another_site_s_form_is_refused_though_the_cookie_comes_along(app, board):
    operator = client_of(app, Role.OPERATOR)
    answer = operator.post("/sessions/s1/answer", data={"right": "yes"}, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403
    assert not board.events(EventKind.ANSWERED)


def test_a_person_says_whether_a_diagnosis_was_right(app, board):
    operator = client_of(app, Role.OPERATOR)
    token = form_token(operator, "/sessions/s1")
    for right in ("yes", "no"):
        operator.post("/sessions/s1/answer", data={"form_token": token, "right": right})
    assert "It was wrong</b>" in operator.get("/sessions/s1").text
    assert operator.post("/sessions/none/answer", data={"form_token": token}).status_code == 303
    assert [event.body["right"] for event in board.events(EventKind.ANSWERED)] == [True, False]


def test_alerts_are_silenced_for_a_while(app, monitor, clock):
    operator = client_of(app, Role.OPERATOR)
    token = form_token(operator)
    for minutes in ("", "-1", "nan", "inf", "100000", "x"):
        assert operator.post("/silence", data={"form_token": token, "minutes": minutes}).status_code == 400
    operator.post("/silence", data={"form_token": token, "minutes": "5", "reason": "we move the database"})
    clock.sleep(2)  # a report is shared for a second
    assert monitor.get_current_health().maintenance == "we move the database"
    assert "we move the database" in operator.get("/").text


def test_the_link_signs_in_once_and_the_cookie_is_out_of_reach_of_scripts(board):
    access = Access()
    token = access.allow_once()
    app = create_dashboard(board, access)
    first, second = client_of(app), client_of(app)

    answer = first.get(f"/login?token={token}")

    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert first.get("/").status_code == 200
    assert second.get(f"/login?token={token}").status_code == 403


def test_signing_out_is_final_for_this_browser(app):
    viewer = client_of(app, Role.VIEWER)
    viewer.post("/logout", data={"form_token": form_token(viewer, "/")})
    assert viewer.get("/").status_code == 401


def test_wrong_tokens_are_refused_and_then_the_door_is_closed(app):
    stranger = client_of(app)
    codes = [stranger.post("/login", data={"token": f"guess-{n}"}).status_code for n in range(12)]
    assert codes == [403] * 10 + [429] * 2


def test_pages_speak_russian_when_asked_and_remember_it(app):
    viewer = client_of(app, Role.VIEWER)
    assert '<html lang="ru">' in viewer.get("/?lang=ru").text
    assert "Обзор" in viewer.get("/").text
    assert "Обзор" in client_of(app, Role.VIEWER).get("/", headers={"accept-language": "ru-RU,ru;q=0.9"}).text
    assert "Overview" in viewer.get("/?lang=en").text


def test_what_is_not_there_is_said(app):
    viewer = client_of(app, Role.VIEWER)
    assert viewer.get("/sessions/none").status_code == 404
    assert viewer.get("/metrics?check=none").status_code == 404
    assert viewer.get("/nowhere").status_code == 404
    assert viewer.get("/static/..%2Fapp.py").status_code == 404
    assert viewer.get("/metrics?range=century").status_code == 200


def test_it_can_be_mounted_below_another_application(board):
    from starlette.applications import Starlette
    from starlette.routing import Mount

    access = Access()
    token = access.allow_once()
    outer = Starlette(routes=[Mount("/diagnostics", create_dashboard(board, access))])
    client = client_of(outer)
    assert client.get(f"/diagnostics/login?token={token}").headers["location"] == "/diagnostics/"
    page = client.get("/diagnostics/").text
    assert 'href="/diagnostics/static/dashboard.css"' in page
    assert not re.search(r'(?:href|src|action)="/(?!diagnostics)', page)


def test_a_dead_monitor_in_another_process_makes_nothing_look_healthy(clock, tmp_path):
    from diagnostics.post_solution_monitoring import SqliteHistory

    history = SqliteHistory(tmp_path / "history.db", clock=clock)
    with PostSolutionMonitor(history=history, clock=clock, default_checks=False) as monitor:
        monitor.add_health_check("api", lambda: True, 10)
        monitor.wait(30)
    board = Board(SqliteHistory(tmp_path / "history.db", clock=clock), clock=clock)

    assert board.health().overall_status.value == "HEALTHY"
    clock.sleep(3600)
    assert board.health().overall_status.value == "UNKNOWN"
    assert "nobody is watching" in board.health().could_not_look[0]


class Elsewhere:
    """Numbers that somebody else keeps, or does not."""

    def __init__(self, *, away=False):
        self.away = away

    def names(self):
        if self.away:
            raise ProbeError(f"prometheus: ConnectError {HOSTILE}")
        return ["api"]

    def metrics(self, name):
        return ["p95_seconds"]

    def series(self, name, metric, *, since, until, step_seconds):
        return [
            Bucket(at=until - timedelta(minutes=minutes), count=1, mean=0.5, low=0.5, high=0.5) for minutes in (20, 10)
        ]


def test_charts_are_drawn_from_where_the_numbers_are(monitor, clock):
    access = Access()
    access.allow(TOKENS[Role.VIEWER], Role.VIEWER)
    board = Board(monitor.history, monitor=monitor, metrics=Elsewhere(), clock=clock)

    answer = client_of(create_dashboard(board, access), Role.VIEWER).get("/metrics?check=api")

    assert answer.status_code == 200
    assert "<svg" in answer.text
    assert "p95 seconds" in answer.text


def test_numbers_that_cannot_be_had_are_said_to_be_so_and_every_other_page_works(monitor, clock):
    access = Access()
    access.allow(TOKENS[Role.VIEWER], Role.VIEWER)
    board = Board(monitor.history, monitor=monitor, metrics=Elsewhere(away=True), clock=clock)
    client = client_of(create_dashboard(board, access), Role.VIEWER)

    answer = client.get("/metrics")

    assert answer.status_code == 502
    assert "The numbers cannot be had now: prometheus: ConnectError" in answer.text
    assert HOSTILE not in answer.text
    assert client.get("/").status_code == client.get("/kpis").status_code == 200
