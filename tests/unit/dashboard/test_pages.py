"""What the pages show, from values alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.dashboard import kpis, pages
from diagnostics.model.alert import AlertChange, AlertPhase, AlertSeverity, MonitoringAlert
from diagnostics.model.event import Event, EventKind
from diagnostics.model.health import CheckHealth, CheckState, HealthReport, HealthStatus
from diagnostics.post_solution_monitoring.rollup import Bucket
from diagnostics.texts.dashboard import labels

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EN = labels("en")


def check(name, status=HealthStatus.HEALTHY, **values):
    return CheckHealth(name=name, status=status, state=CheckState.PASS, phase=AlertPhase.OK, at=NOW, **values)


def report(*checks):
    return HealthReport(timestamp=NOW.isoformat(), overall_status=HealthStatus.HEALTHY, checks=checks)


def alert(number, *, minutes=10, resolved=True, component="api", **details):
    began = NOW + timedelta(hours=number)
    return MonitoringAlert(
        timestamp=began.isoformat(), alert_id=f"a{number}", severity=AlertSeverity.CRITICAL, component=component,
        message="fails", details={"bad": 3, "interval_seconds": 10.0} | details, resolved=resolved,
        resolution_timestamp=(began + timedelta(minutes=minutes)).isoformat() if resolved else None,
        change=AlertChange.RESOLVED if resolved else AlertChange.FIRED,
    )  # fmt: skip


def test_both_languages_have_every_label():
    assert labels("ru").keys() == EN.keys()
    assert all(text.strip() for text in labels("ru").values())


def test_every_status_differs_in_shape_and_word_not_only_in_colour():
    lights = [pages.light(status, EN) for status in HealthStatus]
    assert len({light.word for light in lights}) == len(lights)
    assert len({light.shape for light in lights}) == len(lights)


def test_the_worst_come_first_and_what_nobody_saw_is_worse_than_a_warning():
    shown = pages.components(
        report(
            check("a"), check("b", HealthStatus.DEGRADED), check("c", HealthStatus.UNKNOWN),
            check("d", HealthStatus.CRITICAL),
        ),
        EN, NOW,
    )  # fmt: skip
    assert [row["name"] for row in shown["rows"]] == ["d", "c", "b", "a"]


def test_the_filter_takes_part_of_a_name_in_any_case_and_a_status():
    checks = report(check("API-orders"), check("api-users", HealthStatus.CRITICAL), check("db"))
    by_name = pages.components(checks, EN, NOW, name="Api")
    by_status = pages.components(checks, EN, NOW, status="critical")
    assert [row["name"] for row in by_name["rows"]] == ["api-users", "API-orders"]
    assert [row["name"] for row in by_status["rows"]] == ["api-users"]
    assert by_status["total"] == 3


def test_five_hundred_checks_fit_on_the_page_and_the_count_says_so():
    shown = pages.components(report(*(check(f"c{n:03}") for n in range(500))), EN, NOW)
    assert (len(shown["rows"]), shown["fitting"], shown["total"]) == (pages.MOST_ROWS, 500, 500)


def test_an_acknowledgement_is_shown_at_its_alert():
    seen = [Event(at=NOW, kind=EventKind.ACKNOWLEDGED, title="api", subject="a1", who="Ольга")]
    rows = pages.alert_rows([alert(1, resolved=False), alert(2)], seen, EN)
    assert [row["acknowledged_by"] for row in rows] == ["Ольга", ""]
    assert [row["is_open"] for row in rows] == [True, False]
    assert pages.alert_rows([alert(1), alert(2, resolved=False)], [], EN, state="open")[0]["id"] == "a2"


@given(st.timedeltas(min_value=timedelta(minutes=5), max_value=timedelta(days=400)))
def test_a_chart_has_neither_too_few_nor_too_many_buckets(span):
    buckets = span.total_seconds() / pages.step_of(span)
    assert 20 <= buckets <= pages.POINTS + 1


def bucket(minute, value=1.0):
    return Bucket(at=NOW + timedelta(minutes=minute), count=1, mean=value, low=value, high=value)


def test_a_line_is_broken_where_nothing_was_measured():
    buckets = [bucket(0), bucket(5), bucket(60), bucket(65)]
    line = pages.figure("p95_seconds", buckets, [], [], EN, since=NOW, until=NOW + timedelta(hours=2), step=300)
    assert line is not None
    assert line.path.count("M") == 2
    assert line.area.count("Z") == 2


def test_the_period_before_is_drawn_over_this_one_and_markers_are_told():
    deploy = Event(at=NOW + timedelta(minutes=30), kind=EventKind.DEPLOY, title="v2")
    before = [bucket(-120, 2.0), bucket(-115, 2.0)]
    line = pages.figure(
        "failed", [bucket(0, 0.5), bucket(5, 0.5)], before, [deploy], EN,
        since=NOW, until=NOW + timedelta(hours=2), step=300,
    )  # fmt: skip
    assert line is not None
    assert line.other.startswith("M0.0,")
    assert [(marker.left, marker.text) for marker in line.markers] == [(25.0, "deploy: v2")]


@pytest.mark.parametrize(
    ("completed", "states"),
    [
        ([], ["open", "locked", "locked", "locked", "locked", "locked"]),
        (["phase_1", "phase_2"], ["done", "done", "open", "locked", "locked", "locked"]),
        ([f"phase_{n}" for n in range(1, 7)], ["done"] * 6),
    ],
)
def test_phases_are_locked_until_those_before_are_done(completed, states):
    assert [phase["state"] for phase in pages.phases({"phases_completed": completed}, EN)] == states


def test_with_too_few_cases_a_figure_is_withheld_and_says_how_many_there_are():
    found = {kpi.key: kpi for kpi in kpis.figures([alert(1)], [], [], [], (None, 0))}
    assert found["mttr"].value == ""
    assert found["mttr"].cases == 1


def test_the_figures_are_medians_and_shares():
    alerts = [alert(n, minutes=m, component=f"c{n // 2}") for n, m in enumerate((1, 2, 3, 50, 60))]
    acknowledged = [
        Event(
            at=datetime.fromisoformat(a.timestamp) + timedelta(seconds=30), kind=EventKind.ACKNOWLEDGED, title="",
            subject=a.alert_id,
        )
        for a in alerts
    ]  # fmt: skip
    later = [replace(event, at=event.at + timedelta(hours=9)) for event in acknowledged]
    answers = [
        Event(at=NOW, kind=EventKind.ANSWERED, title="", subject=f"s{n}", body={"right": n > 0}) for n in range(5)
    ]
    sessions = [
        {"verdict": {"status": "root_cause_identified" if n else "unknown"}, "implementation": fix}
        for n, fix in enumerate([{"validation_passed": True}] * 4 + [{"rollback_performed": True}])
    ]

    found = {k.key: k for k in kpis.figures(alerts, acknowledged + later, answers, sessions, (0.25, 400))}

    assert {key: kpi.value.replace("\u00a0", " ") for key, kpi in found.items() if kpi.value} == {
        "mttd": "20 s", "mtta": "30 s", "mttr": "3 min", "found": "80 %", "false_positives": "20 %",
        "fixed": "80 %", "rolled_back": "20 %", "uptime": "75 %",
    }  # fmt: skip
    assert found["recurrence"].cases == 3
