"""The report's timeline holds the onset and what changed before it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from diagnostics.diagnostic_orchestrator.report import MOST_CHANGES, happened
from diagnostics.model.observation import Observations, Unit
from diagnostics.system_monitor.probes.notes import Notes

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
NOTES = Notes(NOW)


def test_the_changes_before_the_onset_and_the_onset_are_events() -> None:
    onset = NOW - timedelta(minutes=5)
    seen = Observations(
        [
            NOTES.reading("log.onset", onset.timestamp(), Unit.SECONDS, file="a", kind="errors"),
            NOTES.reading("change.commit", 600, Unit.SECONDS, sha="abc", subject="Search", files=""),
            NOTES.reading("change.file", 60, Unit.SECONDS, path="hotfix.py"),
            NOTES.flag("change.setting", setting="work_mem", **{"from": "4MB", "to": "64kB"}),
        ]
    )

    events = happened(seen)

    assert [event["kind"] for event in events] == ["commit", "onset"]
    assert events[0]["at"] == (NOW - timedelta(minutes=10)).isoformat()


def test_a_thousand_changed_files_do_not_fill_the_report() -> None:
    files = [NOTES.reading("change.file", n, Unit.SECONDS, path=f"{n}.py") for n in range(1000)]

    assert len(happened(Observations(files))) == MOST_CHANGES
    assert happened(Observations(())) == []
