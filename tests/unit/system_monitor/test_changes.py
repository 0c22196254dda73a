"""What differs from what was normal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from diagnostics.model.finding import Baseline
from diagnostics.model.observation import Observations, Reading, Unit
from diagnostics.system_monitor.baseline import collect, facts_in, summarise
from diagnostics.system_monitor.probes.changes import changed_settings, restarts
from diagnostics.system_monitor.probes.notes import Notes
from diagnostics.system_monitor.probes.packages import canonical, pins_of_requirements

NOW = datetime(2026, 11, 25, 7, 30, tzinfo=UTC)
NOTES = Notes(NOW)


def setting(name: str, value: str, source: str = "default") -> Reading:
    labels = {"setting": name, "value": value, "source": source, "unit": ""}
    return NOTES.reading("postgres.setting", 0, Unit.COUNT, **labels)


def test_a_setting_that_is_not_what_it_was_is_a_change() -> None:
    before = Observations([setting("work_mem", "4096"), setting("max_connections", "100")])
    now = Observations([setting("work_mem", "64"), setting("max_connections", "100")])

    (change,) = changed_settings(now, Baseline(facts=facts_in(before)), NOTES)

    assert dict(change.labels) == {"setting": "work_mem", "from": "4096", "to": "64"}


def test_an_override_that_came_or_went_is_a_change() -> None:
    plain = Observations([setting("lock_timeout", "0")])
    override = Observations([setting("lock_timeout", "0"), setting("lock_timeout", "5", source="role")])

    (came,) = changed_settings(override, Baseline(facts=facts_in(plain)), NOTES)
    (went,) = changed_settings(plain, Baseline(facts=facts_in(override)), NOTES)

    assert (came.labels["setting"], came.labels["from"], came.labels["to"]) == ("lock_timeout@role", "", "5")
    assert (went.labels["from"], went.labels["to"]) == ("5", "")


def test_without_settings_in_the_baseline_nothing_differs() -> None:
    assert not list(changed_settings(Observations([setting("a", "1")]), Baseline(), NOTES))


def age(seconds: float, pid: int = 7) -> Reading:
    return NOTES.reading("process.age", seconds, Unit.SECONDS, pid=pid)


def test_a_process_younger_than_the_log_was_restarted() -> None:
    history = NOTES.reading("log.history", 600, Unit.SECONDS, file="a")

    seen = list(restarts(Observations([history, age(30, 7), age(900, 8)]), None, NOTES))

    assert [(r.labels["pid"], r.value) for r in seen] == [("7", 30)]


def test_a_process_younger_than_the_baseline_was_restarted() -> None:
    baseline = Baseline(recorded_at=NOW - timedelta(hours=1))

    assert len(list(restarts(Observations([age(1800)]), baseline, NOTES))) == 1
    assert not list(restarts(Observations([age(7200)]), baseline, NOTES))


def test_a_summary_holds_what_was_seen() -> None:
    summary = summarise([5.0, 1.0, 3.0, 2.0, 4.0])

    assert (summary.n, summary.median, summary.mad, summary.minimum, summary.maximum) == (5, 3.0, 1.0, 1.0, 5.0)
    assert (summary.p05, summary.p95) == pytest.approx((1.2, 4.8))


def test_a_baseline_does_not_depend_on_pids() -> None:
    values: dict[str, list[float]] = {}
    for pid in (7, 8):
        collect(Observations([NOTES.reading("process.threads", pid, Unit.COUNT, pid=pid)]), values)

    assert values == {"process.threads{}": [7.0, 8.0]}


def test_texts_of_one_moment_are_not_summarised() -> None:
    values: dict[str, list[float]] = {}
    collect(Observations([NOTES.reading("log.template", 1, Unit.COUNT, example="x")]), values)

    assert values == {}


def test_pins_are_read_as_indexes_compare_them() -> None:
    text = "# c\nDjango==5.1.2 ; python_version > '3.8'\nzope.interface[x]==6.0 \\\n    --hash=sha256:1\nfastapi>=0.1\nx==1.*\n"

    assert pins_of_requirements(text) == {"django": "5.1.2", "zope-interface": "6.0"}
    assert canonical("Foo__Bar.baz") == "foo-bar-baz"
