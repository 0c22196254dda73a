"""The dashboard as people see it, in a real browser."""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect

from diagnostics.dashboard import Access, Board, Role, create_dashboard
from diagnostics.diagnostic_orchestrator.store import SessionStore
from diagnostics.model.alert import AlertRule
from diagnostics.model.event import Event, EventKind
from diagnostics.model.health import CheckResult, CheckState
from diagnostics.post_solution_monitoring import PostSolutionMonitor, SqliteHistory

expect.set_options(timeout=20_000)

TOKEN, VIEWER = "operator-for-the-browser", "viewer-for-the-browser"
HOSTILE = "<img src=x onerror=document.title='owned'>"
PAGES = ["/", "/metrics?check=orders&range=24h&compare=1", "/alerts", "/sessions", "/sessions/s1", "/kpis", "/settings"]

SESSION = {
    "session_info": {"session_id": "s1", "problem_description": "Meeting lists are slow", "project_name": "meetings"},
    "phases_completed": ["phase_1", "phase_2", "phase_3", "phase_4"],
    "verdict": {
        "status": "root_cause_identified", "headline": "A frequent query has no index", "posterior": 0.97,
        "would_refute": "It would be refuted if the table were not scanned at a second look.",
    },
    "root_cause": {
        "title": "A frequent query has no index", "mechanism": "missing-index-seq-scan",
        "whys": [
            {"question": "Why: requests are slow?", "answer": "A statement takes 30 ms, normal is 0.2 ms.",
             "evidence": ["E1"], "state": "present", "mechanism": "db-queries-slow"},
            {"question": "Why: statements take long?", "answer": "meetings (400 039 rows) is scanned 30 times a second.",
             "evidence": ["E2"], "state": "present", "mechanism": "missing-index-seq-scan"},
        ],
    },
    "evidence": [
        {"id": "E1", "name": "postgres.statement.mean", "value": 0.03, "unit": "s", "baseline": 0.0002},
        {"id": "E2", "name": "postgres.table.seq_scan_rate", "value": 30.0, "unit": "1/s", "baseline": 0.0},
    ],
    "solution": {"title": "Create an index on meetings", "risk_level": "LOW", "plan": ["Create it concurrently."]},
}  # fmt: skip


@dataclass
class Served:
    """A dashboard with a day of history, a running monitor, and a switch that makes a check fail."""

    address: str
    board: Board
    monitor: PostSolutionMonitor
    broken: threading.Event


@pytest.fixture
def served(tmp_path: Path, serve: Any) -> Iterator[Served]:
    history = SqliteHistory(tmp_path / "history.db")
    now = datetime.now(UTC)
    for minute in range(2 * 1440, 0, -10):
        at = now - timedelta(minutes=minute)
        bad = 180 <= minute <= 240
        p95 = 0.05 + 0.02 * math.sin(minute / 200) + 0.2 * bad
        history.add_result(
            "orders",
            CheckResult(
                state=CheckState.FAIL if bad else CheckState.PASS, at=at, duration_seconds=p95 / 10,
                metrics={"p95_seconds": p95},
            ),
        )  # fmt: skip
    history.add_event(Event(at=now - timedelta(minutes=250), kind=EventKind.DEPLOY, title="v2.3.1"))
    history.add_event(Event(at=now - timedelta(minutes=178), kind=EventKind.FIX, title="index on meetings"))
    store = SessionStore(tmp_path / "sessions.db")
    store.save("s1", SESSION, status="root_cause_identified", at=now)
    broken = threading.Event()
    monitor = PostSolutionMonitor(
        history=history, default_checks=False, rule=AlertRule(bad_to_fire=1, window=1, good_to_resolve=1)
    )

    def orders() -> CheckResult:
        state = CheckState.FAIL if broken.is_set() else CheckState.PASS
        said = f"p95 is 250 ms {HOSTILE}" if broken.is_set() else "p95 is 52 ms"
        return CheckResult(state=state, detail=said, metrics={"p95_seconds": 0.25 if broken.is_set() else 0.052})

    monitor.add_health_check("orders", orders, 0.5)
    monitor.add_health_check(HOSTILE, lambda: True, 5, critical=False)
    for number in range(20):
        monitor.add_health_check(f"queue-{number:02}", lambda: True, 5)
    monitor.start_monitoring()
    board = Board(history, sessions=store, monitor=monitor)
    access = Access()
    access.allow(TOKEN, Role.OPERATOR, "Olga")
    access.allow(VIEWER, Role.VIEWER, "Ivan")
    yield Served(serve(create_dashboard(board, access)), board, monitor, broken)
    serve.stop()
    monitor.stop_monitoring()
    history.close()


def sign_in(page: Any, served: Served, token: str = TOKEN) -> None:
    page.goto(served.address)
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{served.address}/")


def test_a_stranger_sees_the_sign_in_page_only(page, served, shot):
    page.goto(f"{served.address}/alerts")
    assert page.url == f"{served.address}/login"
    shot(page, "login")
    page.get_by_label("Token").fill("a wrong token, a wrong token")
    page.get_by_role("button", name="Sign in").click()
    assert "not known" in page.get_by_role("alert").first.inner_text()


def test_every_page_shows_what_it_is_for(page, served, shot):
    served.broken.set()
    served.monitor.run_once()
    sign_in(page, served)
    shown = {
        "/": ["The service as a whole", "orders fails", "queue-00", "Meeting lists are slow"],
        "/metrics?check=orders&range=24h&compare=1": ["p95 seconds", "deploy: v2.3.1", "fix: index on meetings"],
        "/alerts": ["orders", "Acknowledge"],
        "/sessions": ["Meeting lists are slow", "Root cause identified"],
        "/sessions/s1": ["A frequent query has no index", "Why: statements take long?", "E2", "5. Solution next"],
        "/kpis": ["Time to detect", "too few cases", "Uptime"],
        "/settings": ["orders", "signed in", "Export as one file"],
    }
    for path, texts in shown.items():
        page.goto(f"{served.address}{path}")
        text = page.locator("main").inner_text()
        assert [wanted for wanted in texts if wanted not in text] == [], path
        shot(page, re.split(r"[?]", path)[0].strip("/").replace("/", "-") or "overview")
    assert "owned" not in page.title()


def test_a_failure_appears_and_goes_without_a_reload(page, served):
    sign_in(page, served)
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="orders")).last
    assert "healthy" in row.inner_text()
    page.evaluate("window.notReloaded = true")

    served.broken.set()
    expect(page.locator(".alerts")).to_contain_text("orders fails")
    expect(page.locator("#announcer")).to_contain_text("critical")

    served.broken.clear()
    expect(page.locator(".alerts")).to_have_count(0)
    expect(page.locator("#announcer")).to_contain_text("healthy")
    assert page.evaluate("window.notReloaded")
    assert page.title() == "Overview · Diagnostics"


def test_a_person_who_types_is_not_disturbed(page, served):
    sign_in(page, served)
    field = page.get_by_label("Name contains")
    field.fill("que")
    served.broken.set()
    expect(page.locator("#announcer")).to_contain_text("critical")
    assert field.input_value() == "que"
    field.press("Enter")
    page.wait_for_url("**name=que**")
    assert page.locator(".components tbody tr").count() == 20


def test_a_lost_connection_is_said_instead_of_a_frozen_green_light(page, served, serve):
    sign_in(page, served)
    assert page.locator("#stale").is_hidden()
    serve.stop()
    page.wait_for_selector("#stale:not([hidden])")
    assert "old" in page.locator("#stale").inner_text()


def test_an_alert_is_acknowledged_with_the_keyboard_alone(page, served):
    served.broken.set()
    served.monitor.run_once()
    sign_in(page, served)
    page.goto(f"{served.address}/alerts")
    for _ in range(40):
        page.keyboard.press("Tab")
        if "Acknowledge:" in (page.evaluate("document.activeElement.getAttribute('aria-label')") or ""):
            break
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("acknowledged by Olga")


def test_a_viewer_finds_nothing_to_press(page, served):
    served.broken.set()
    served.monitor.run_once()
    sign_in(page, served, VIEWER)
    for path in PAGES:
        page.goto(f"{served.address}{path}")
        assert page.locator("main form[method=post]").count() == 0, path


def test_the_export_is_one_file_that_needs_no_network(page, served, browser, tmp_path):
    served.broken.set()
    served.monitor.run_once()
    sign_in(page, served)
    page.goto(f"{served.address}/settings")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export as one file").click()
    saved = tmp_path / "export.html"
    download.value.save_as(saved)
    served.broken.clear()

    context = browser.new_context(offline=True)
    alone = context.new_page()
    asked: list[str] = []
    alone.on("request", lambda request: asked.append(request.url))
    alone.goto(saved.as_uri())
    assert "orders fails" in alone.locator("main").inner_text()
    assert asked == [saved.as_uri()]
    assert alone.title() != "owned"
    context.close()


def test_it_is_readable_on_a_phone(page, served, shot):
    sign_in(page, served)
    page.set_viewport_size({"width": 360, "height": 740})
    for path in PAGES:
        page.goto(f"{served.address}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    page.goto(f"{served.address}/")
    shot(page, "phone")


def test_it_speaks_russian(page, served, shot):
    sign_in(page, served)
    page.get_by_role("link", name="Русский").click()
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    page.goto(f"{served.address}/kpis")
    assert "Время обнаружения" in page.locator("main").inner_text()
    shot(page, "ru")


def test_pages_work_without_scripts(browser, served):
    context = browser.new_context(java_script_enabled=False, locale="en-US")
    plain = context.new_page()
    sign_in(plain, served)
    assert "orders" in plain.locator("main").inner_text()
    assert plain.locator("noscript").count() == 1
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(page, served, scheme):
    from axe_playwright_python.sync_playwright import Axe

    served.broken.set()
    served.monitor.run_once()
    sign_in(page, served)
    page.emulate_media(color_scheme=scheme)
    axe = Axe()
    for path in [*PAGES, "/login"]:
        page.goto(f"{served.address}{path}")
        found = axe.run(page).response["violations"]
        told = [(one["id"], one["nodes"][0]["html"][:120]) for one in found if one["impact"] in ("serious", "critical")]
        assert told == [], path
