"""Every history keeps the same promises."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from diagnostics.errors import DiagnosticsError
from diagnostics.model.alert import AlertChange, AlertSeverity, MonitoringAlert
from diagnostics.model.event import Event, EventKind
from diagnostics.model.health import CheckResult, CheckState
from diagnostics.post_solution_monitoring.history import History, MemoryHistory
from diagnostics.post_solution_monitoring.history_postgres import PostgresHistory
from diagnostics.post_solution_monitoring.history_sqlite import SqliteHistory
from diagnostics.post_solution_monitoring.opening import open_history
from diagnostics.testing import FakeClock

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def make(request, tmp_path):
    made = []
    url = request.getfixturevalue("fresh_database") if request.param == "postgres" else ""

    def factory(**bounds):
        if request.param == "memory":
            history = MemoryHistory(**bounds)
        elif request.param == "postgres":
            history = open_history(url, clock=FakeClock(), **bounds)
        else:
            history = SqliteHistory(tmp_path / "history.db", clock=FakeClock(), **bounds)
        made.append(history)
        return history

    yield factory
    for history in made:
        history.close()


def result(minute, state=CheckState.PASS, **values):
    return CheckResult(state=state, at=START + timedelta(minutes=minute), **values)


def alert(name, resolved=False, **values):
    return MonitoringAlert(
        timestamp=START.isoformat(), alert_id=name, severity=AlertSeverity.CRITICAL, component="api",
        message="api fails", resolved=resolved, **values,
    )  # fmt: skip


def test_it_is_a_history(make):
    assert isinstance(make(), History)


def test_results_come_back_as_they_went_in_oldest_first(make):
    history = make()
    first = result(0, CheckState.FAIL, detail="Ошибка: «no»", duration_seconds=0.25, metrics={"ms": 1.5})
    second = result(1)
    history.add_result("api", first)
    history.add_result("api", second)
    history.add_result("other", result(2))

    assert history.results("api") == [first, second]
    assert history.results("unknown") == []


def test_the_newest_results_can_be_asked_for_by_time_and_number(make):
    history = make()
    kept = [result(minute) for minute in range(10)]
    for one in kept:
        history.add_result("api", one)

    assert history.results("api", limit=3) == kept[-3:]
    assert history.results("api", limit=0) == []
    assert history.results("api", since=START + timedelta(minutes=7)) == kept[7:]
    assert history.results("api", since=START + timedelta(minutes=2), limit=2) == kept[-2:]


def test_results_are_bounded_for_each_check_and_the_oldest_go(make):
    history = make(results_per_check=20)
    for minute in range(1000):
        history.add_result("busy", result(minute))
        if minute < 5:
            history.add_result("quiet", result(minute))

    kept = history.results("busy")
    assert 20 <= len(kept) <= 22
    assert kept[-1].at == START + timedelta(minutes=999)
    assert len(history.results("quiet")) == 5


def test_an_alert_is_replaced_by_its_next_state_and_keeps_its_place(make):
    history = make()
    history.add_alert(alert("a", details={"bad": 3, "names": ["x"]}))
    history.add_alert(alert("b"))
    history.add_alert(alert("a", resolved=True, resolution_timestamp="later", change=AlertChange.RESOLVED))

    assert [(a.alert_id, a.resolved, a.change) for a in history.alerts()] == [
        ("a", True, AlertChange.RESOLVED),
        ("b", False, AlertChange.FIRED),
    ]
    assert [a.alert_id for a in history.alerts(active_only=True)] == ["b"]
    assert [a.alert_id for a in history.alerts(limit=1)] == ["b"]


def test_an_alert_comes_back_as_it_went_in(make):
    history = make()
    told = alert("a", details={"bad": 3, "names": ["x"], "metrics": {"ms": 1.5}})
    history.add_alert(told)
    assert history.alerts() == [told]


def test_alerts_are_bounded_and_an_open_one_outlives_those_that_are_over(make):
    history = make(max_alerts=5)
    history.add_alert(alert("open"))
    for number in range(20):
        history.add_alert(alert(f"over-{number}", resolved=True))

    kept = history.alerts()
    assert len(kept) == 5
    assert kept[0].alert_id == "open"
    assert kept[-1].alert_id == "over-19"


def test_the_last_state_counts(make):
    history = make()
    history.save_state("api", {"seen": 1, "recent": [True, False]})
    history.save_state("api", {"seen": 2, "recent": []})
    history.save_state("db", {"seen": 3})
    assert history.states() == {"api": {"seen": 2, "recent": []}, "db": {"seen": 3}}


def test_a_forgotten_check_leaves_its_alerts_only(make):
    history = make()
    history.add_result("api", result(0))
    history.save_state("api", {"seen": 1})
    history.add_alert(alert("a"))

    history.forget("api")

    assert history.results("api") == []
    assert history.states() == {}
    assert len(history.alerts()) == 1


def test_many_threads_may_write_at_once(make):
    history = make()

    def write(number):
        for minute in range(100):
            history.add_result(f"check-{number}", result(minute))
            history.add_alert(alert(f"{number}-{minute}", resolved=True))

    writers = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert all(len(history.results(f"check-{n}")) == 100 for n in range(4))
    assert len(history.alerts()) == 400


@pytest.mark.parametrize("bounds", [{"results_per_check": 0}, {"max_alerts": 0}])
def test_a_bound_that_keeps_nothing_is_refused(make, bounds):
    with pytest.raises(ValueError, match="at least 1"):
        make(**bounds)


def test_the_checks_and_their_numbers_are_known_by_name(make):
    history = make()
    history.add_result("db", result(0, metrics={"ms": 1.5}))
    history.add_result("api", result(0))

    assert history.names() == ["api", "db"]
    assert history.metrics("db") == ["duration_seconds", "failed", "ms", "unknown"]
    assert history.metrics("nobody") == []


def test_a_number_comes_back_in_buckets_and_gaps_stay_gaps(make):
    history = make()
    for minute, ms in ((0, 2.0), (4, 4.0), (20, 9.0)):
        history.add_result("db", result(minute, metrics={"ms": ms}))

    found = history.series("db", "ms", since=START, until=START + timedelta(hours=1), step_seconds=300)

    assert [(b.at, b.count, b.mean, b.low, b.high) for b in found] == [
        (START, 2, 3.0, 2.0, 4.0),
        (START + timedelta(minutes=20), 1, 9.0, 9.0, 9.0),
    ]
    assert history.series("db", "ms", since=START, until=START + timedelta(minutes=3), step_seconds=60)[0].count == 1


def test_the_share_of_failures_does_not_count_what_nobody_saw(make):
    history = make()
    for minute, state in enumerate((CheckState.FAIL, CheckState.PASS, CheckState.UNKNOWN)):
        history.add_result("api", result(minute, state))

    (failed,) = history.series("api", "failed", since=START, until=START + timedelta(hours=1), step_seconds=3600)
    (unknown,) = history.series("api", "unknown", since=START, until=START + timedelta(hours=1), step_seconds=3600)

    assert (failed.count, failed.mean) == (2, 0.5)
    assert (unknown.count, unknown.high) == (3, 1.0)


def test_events_come_back_by_kind_subject_and_time(make):
    history = make()
    told = [
        Event(at=START, kind=EventKind.DEPLOY, title="v1"),
        Event(at=START + timedelta(minutes=1), kind=EventKind.ACKNOWLEDGED, title="seen", subject="a", who="Ольга"),
        Event(at=START + timedelta(minutes=2), kind=EventKind.DEPLOY, title="v2", body={"commit": "abc"}),
    ]
    for event in told:
        history.add_event(event)

    assert history.events() == told
    assert history.events(kinds=[EventKind.DEPLOY]) == [told[0], told[2]]
    assert history.events(subject="a") == [told[1]]
    assert history.events(since=START + timedelta(seconds=90)) == [told[2]]
    assert history.events(limit=1) == [told[2]]


def test_a_notice_is_kept_until_it_is_delivered(make):
    history = make()
    first, second = history.enqueue("pager", alert("a")), history.enqueue("mail", alert("a"))
    third = history.enqueue("pager", alert("b", resolved=True))

    assert [d.alert.alert_id for d in history.deliveries("pager")] == ["a", "b"]
    assert history.deliveries() == [first, second, third]
    history.delivered(first.delivery_id)
    history.delivered(first.delivery_id)
    assert history.deliveries("pager") == [third]


def test_a_notice_that_was_given_up_is_kept_apart_and_can_be_sent_again(make):
    history = make()
    kept = history.enqueue("pager", alert("a"))
    history.mark(kept.delivery_id, attempts=3, error="HTTP 400", dead=True)

    assert history.deliveries() == []
    (dead,) = history.deliveries(dead=True)
    assert (dead.attempts, dead.error, dead.dead, dead.alert) == (3, "HTTP 400", True, alert("a"))

    history.mark(kept.delivery_id, attempts=0, error="", dead=False)
    assert history.deliveries("pager") == [kept]


def test_the_version_tells_that_something_was_added(make):
    history = make()
    before = history.version()
    history.add_alert(alert("a"))
    between = history.version()
    history.add_event(Event(at=START, kind=EventKind.FIX, title="index"))
    assert len({before, between, history.version()}) == 3


# What only a file can promise.


def test_sqlite_keeps_thirteen_months_in_hours_and_two_weeks_in_five_minutes(tmp_path):
    clock = FakeClock(START)
    history = SqliteHistory(tmp_path / "history.db", clock=clock, results_per_check=100)
    for day in range(0, 500, 2):
        history.add_result("api", result(day * 1440, duration_seconds=1.0))
        clock.advance(2 * 86_400)
    history.add_result("api", result(500 * 1440))
    history.flush()
    first = START - timedelta(days=1)

    rough = history.series("api", "failed", since=first, until=clock.now(), step_seconds=86_400)
    fine = history.series("api", "failed", since=clock.now() - timedelta(days=13), until=clock.now(), step_seconds=300)

    assert 198 <= len(rough) <= 201
    assert len(fine) == 6
    history.close()


def test_sqlite_shows_one_process_what_another_wrote(tmp_path):
    writer, reader = SqliteHistory(tmp_path / "history.db"), SqliteHistory(tmp_path / "history.db")
    before = reader.version()
    writer.add_alert(alert("a"))
    for minute in range(200):
        writer.add_result("api", result(minute))
    assert reader.version() != before
    assert reader.latest()["api"].at is not None
    assert [a.alert_id for a in reader.alerts()] == ["a"]
    writer.close()
    reader.close()


def test_sqlite_survives_a_restart(tmp_path):
    path = tmp_path / "history.db"
    first = SqliteHistory(path)
    first.add_result("api", result(0))
    first.save_state("api", {"seen": 1})
    first.add_alert(alert("a"))
    first.close()

    again = SqliteHistory(path)
    assert (len(again.results("api")), again.states(), len(again.alerts())) == (1, {"api": {"seen": 1}}, 1)
    again.close()


def test_sqlite_keeps_an_alert_though_the_process_dies_without_closing(tmp_path):
    path = tmp_path / "history.db"
    dying = SqliteHistory(path)
    dying.add_alert(alert("a"))

    other = SqliteHistory(path)  # the first one was never flushed nor closed
    assert [a.alert_id for a in other.alerts()] == ["a"]
    other.close()
    dying.close()


def test_sqlite_is_in_wal_mode_and_can_be_read_while_it_is_written(tmp_path):
    path = tmp_path / "history.db"
    history = SqliteHistory(path)
    history.add_result("api", result(0))
    history.flush()
    reader = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    assert reader.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    cursor = reader.execute("SELECT count(*) FROM result")
    history.add_result("api", result(1))
    history.flush()
    assert cursor.fetchone() == (1,)
    reader.close()
    history.close()


def test_sqlite_drops_what_is_older_than_its_retention(tmp_path):
    clock = FakeClock(START)
    history = SqliteHistory(tmp_path / "history.db", retention_days=1, clock=clock)
    history.add_result("api", result(0))
    history.flush()
    clock.advance(2 * 86400)
    history.add_result("api", replace(result(0), at=clock.now()))
    history.flush()
    assert [r.at for r in history.results("api")] == [clock.now()]
    history.close()


def test_sqlite_refuses_a_file_of_a_later_format_and_does_not_touch_it(tmp_path):
    path = tmp_path / "history.db"
    SqliteHistory(path).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version=99")
    db.close()
    with pytest.raises(DiagnosticsError, match="format 99"):
        SqliteHistory(path)


# What only a server can promise.


def test_postgres_goes_on_after_its_session_was_ended(fresh_database):
    import psycopg

    history = open_history(fresh_database)
    assert isinstance(history, PostgresHistory)
    history.add_alert(alert("a"))
    with psycopg.connect(fresh_database.replace("+psycopg", ""), autocommit=True) as session:
        session.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'diagnostics-history'"
        )
    with pytest.raises(psycopg.OperationalError):
        history.alerts()
    assert [a.alert_id for a in history.alerts()] == ["a"]
    history.close()


def test_postgres_is_shared_by_many_and_made_by_all_at_once(fresh_database):
    made, failed = [], []

    def open_one():
        try:
            made.append(open_history(fresh_database))
        except Exception as error:
            failed.append(error)

    openers = [threading.Thread(target=open_one) for _ in range(6)]
    for opener in openers:
        opener.start()
    for opener in openers:
        opener.join()
    assert failed == []
    before = made[1].version()
    made[0].add_result("api", result(0))
    made[0].flush()
    assert made[1].version() != before
    assert made[1].latest()["api"] == result(0)
    for history in made:
        history.close()


def test_a_history_has_an_address(tmp_path):
    for where in (tmp_path / "a.db", f"sqlite:///{tmp_path}/b.db"):
        history = open_history(where)
        assert isinstance(history, SqliteHistory)
        history.close()
    assert (tmp_path / "b.db").exists()
