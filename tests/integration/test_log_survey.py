"""``survey_logs`` and ``diagnose logs``: whole files, mixed formats, what changed at the onset, in bounded memory."""

from __future__ import annotations

import gzip
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from diagnostics.cli.main import cli
from diagnostics.log_templates.changes import Kind
from diagnostics.system_monitor.log_survey import LogSurvey, SurveyedTemplate, survey_logs
from diagnostics.system_monitor.probes import log_kinds
from diagnostics.system_monitor.probes.log_tail import UnreadableLogError

BEGIN = datetime(2026, 11, 25, 6, 0, 0, tzinfo=UTC)
ONSET = BEGIN + timedelta(minutes=50)
GROUP = """  + Exception Group Traceback (most recent call last):
  |   File "/srv/app/sync.py", line 8, in pull_all
  |     async with asyncio.TaskGroup() as group:
  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/srv/app/sync.py", line 12, in pull
    |     raise TimeoutError("calendar 7")
    | TimeoutError: calendar 7
    +------------------------------------"""


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S,") + f"{at.microsecond // 1000:03}"


def incident(path: Path) -> Path:
    """An hour of a service: one message a second, with an incident in the last ten minutes."""
    rng = random.Random(3)
    lines = []
    for second in range(3600):
        at = BEGIN + timedelta(seconds=second, milliseconds=rng.randrange(1000))
        lines.append(f"{stamp(at)} INFO app user {rng.choice(['anna', 'boris', 'clara', 'dmitri', 'eva'])} came")
        if at < ONSET or rng.random() < 0.1:
            lines.append(f"{stamp(at)} INFO app cache hit for key {rng.randrange(999)}")
        if at < ONSET:
            lines.append(f'{stamp(at)} INFO app.access "GET /meetings/{second}" 200 3.0ms')
        elif second % 4 == 0:
            lines.append(f'{stamp(at)} INFO app.access "GET /meetings/{second}" 503 900.0ms')
            lines.append(f"{stamp(at)} ERROR app cannot reach token=s3cr3t{second} of db-{second}\n{GROUP}")
    path.write_text("\n".join(lines) + "\n")
    return path


def named(found: LogSurvey, word: str) -> SurveyedTemplate:
    (one,) = [template for template in found.templates if word in template.text]
    return one


def kind(found: LogSurvey, word: str) -> Kind:
    change = named(found, word).change
    assert change is not None
    return change.kind


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return incident(tmp_path_factory.mktemp("survey") / "app.log")


def test_an_incident_is_told_by_what_is_new_gone_and_changed(log: Path) -> None:
    found = survey_logs([log])

    assert found.onset is not None
    assert abs(found.onset - ONSET) < timedelta(seconds=5)
    assert not found.onset_given
    assert found.tests == len(found.templates) == 5
    assert kind(found, "cannot reach") is Kind.NEW
    assert kind(found, "503") is Kind.NEW
    assert kind(found, "200") is Kind.GONE
    assert kind(found, "cache hit") is Kind.FEWER
    assert kind(found, "came") is Kind.SAME
    assert named(found, "came").text == "app user <*> came"
    change = named(found, "cache hit").change
    assert change is not None
    assert change.rate.low < 0.1 < change.rate.high
    assert change.record


def test_an_onset_that_is_given_parts_to_the_second(log: Path) -> None:
    found = survey_logs([log], onset=ONSET)

    assert found.onset == ONSET
    assert (named(found, "came").before, named(found, "came").after) == (3000, 600)
    assert named(found, "503").before == 0


def test_a_traceback_group_belongs_to_its_record(log: Path) -> None:
    found = survey_logs([log])

    error = named(found, "cannot reach")
    assert error.level == "ERROR"
    assert error.count == 150
    assert "TimeoutError" in error.text


def test_secrets_stay_in_the_log(log: Path) -> None:
    assert "s3cr3t" not in str(survey_logs([log]))
    assert "s3cr3t" not in CliRunner().invoke(cli, ["logs", str(log), "--format", "json"]).output


def test_compressed_and_rotated_logs_are_read_in_any_order(log: Path, tmp_path: Path) -> None:
    lines = log.read_text().splitlines(keepends=True)
    middle = next(i for i in range(4000, 5000) if lines[i].startswith("2026"))
    first, second = tmp_path / "app.log.2.gz", tmp_path / "app.log"
    first.write_bytes(gzip.compress("".join(lines[:middle]).encode()))
    second.write_text("".join(lines[middle:]))

    whole, parts = survey_logs([log], onset=ONSET), survey_logs([second, first], onset=ONSET)

    def told(found: LogSurvey) -> list[tuple[object, ...]]:
        return [(t.text, t.level, t.count, t.before, t.after, t.change and t.change.kind) for t in found.templates]

    assert told(parts) == told(whole)
    assert (parts.lines, parts.start, parts.end) == (whole.lines, whole.start, whole.end)


def test_formats_may_be_mixed_from_line_to_line(tmp_path: Path) -> None:
    path = tmp_path / "all.log"
    lines = [
        '{"timestamp":"2026-11-25T07:30:00Z","level":"info","message":"job 7 done"}',
        '{"timestamp":"2026-11-25T07:30:01Z","level":"error","message":"job 8 failed","error":{"type":"KeyError"}}',
        "Nov 25 07:30:02 web1 cron[12]: job started",
        "<11>1 2026-11-25T07:30:03Z web1 app 12 - - no route",
        'ts=2026-11-25T07:30:04Z level=warn msg="pool is full" size=5',
        '10.0.0.1 - - [25/Nov/2026:07:30:05 +0000] "GET /x HTTP/1.1" 200 12',
        "2026-11-25 07:30:06.000 UTC [7] ERROR:  deadlock detected",
        "2026-11-25 07:30:06.000 UTC [7] DETAIL:  Process 7 waits",
        '{"broken',
    ]
    path.write_text("\n".join(lines))

    found = survey_logs([path])

    levels = {template.text: template.level for template in found.templates}
    assert levels["job <number> done"] == "INFO"
    assert levels["job <number> failed KeyError"] == "ERROR"
    assert levels["pool is full"] == "WARNING"
    assert levels["GET /x 200"] == "INFO"
    assert levels["deadlock detected"] == "ERROR"
    assert found.invalid_json == 1
    assert found.start == datetime(2026, 11, 25, 7, 30, tzinfo=UTC)
    assert found.end == datetime(2026, 11, 25, 7, 30, 6, tzinfo=UTC)


def test_a_log_without_moments_has_templates_and_no_time(tmp_path: Path) -> None:
    path = tmp_path / "plain.log"
    path.write_text("".join(f"step {i} of the run\n" for i in range(100)))

    found = survey_logs([path])

    assert not found.timed
    assert [(t.text, t.count) for t in found.templates] == [("step <number> of the run", 100)]


def test_one_moment_that_is_years_off_does_not_blur_all_others(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    lines = [f"{stamp(BEGIN + timedelta(seconds=i))} INFO app tick" for i in range(200)]
    lines.insert(100, "1970-01-01 00:00:12 INFO app boot")
    lines.insert(150, "2106-02-07 06:28:15 INFO app overflow")
    path.write_text("\n".join(lines))

    found = survey_logs([path])

    assert found.start == BEGIN
    assert found.end == BEGIN + timedelta(seconds=199)


def test_memory_does_not_grow_with_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_kinds, "MOST_ERRORS", 50)
    monkeypatch.setattr(log_kinds, "MOST_NAMED", 3)
    rng = random.Random(1)
    kinds = log_kinds.Kinds()
    kinds._miner = log_kinds.Miner(most_shapes=32)
    words = ["red", "green", "blue", "grey", "pink", "teal", "plum", "rust", "jade", "lime"]
    total = 3000
    for second in range(total):
        kinds.line(float(second))
        if second % 3:
            text = " ".join(rng.choices(words, k=rng.randint(2, 8)))
            kinds.record(log_kinds.Record(float(second), log_kinds.Level.ERROR, text))
        else:
            kinds.request(float(second), log_kinds.Request("GET", f"/{rng.choice(words)}", 200, None))

    found = kinds.found()

    assert len(kinds._tallies) <= 32 + 1 + 4
    assert len(kinds.timeline) <= 32 + 1 + 4 + 2
    assert len(kinds.errors) == 50
    assert sum(one.tally.count for one in found) == sum(sum(one.series) for one in found) == total


def test_a_line_without_an_end_and_an_empty_file_are_read(tmp_path: Path) -> None:
    endless, empty = tmp_path / "endless.log", tmp_path / "empty.log"
    endless.write_bytes(b"x" * (3 << 20))
    empty.write_bytes(b"")

    assert survey_logs([empty]).records == 0
    assert survey_logs([endless]).lines == 1


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    binary, damaged = tmp_path / "x.log", tmp_path / "y.log.gz"
    binary.write_bytes(bytes(range(256)) * 100)
    damaged.write_bytes(b"no gzip at all")

    for path in (binary, damaged):
        with pytest.raises(UnreadableLogError):
            survey_logs([path])
        assert CliRunner().invoke(cli, ["logs", str(path)]).exit_code != 0


def test_an_onset_without_a_zone_is_refused(log: Path) -> None:
    with pytest.raises(ValueError, match="time zone"):
        survey_logs([log], onset=ONSET.replace(tzinfo=None))
    for wrong in ("yesterday", "2026-11-25T06:50:00"):
        done = CliRunner().invoke(cli, ["logs", str(log), "--onset", wrong])
        assert done.exit_code == 2
        assert "2026-11-25T" in done.output


def test_the_command_tells_it_in_both_languages_and_as_json(log: Path) -> None:
    english = CliRunner().invoke(cli, ["logs", str(log)]).output
    russian = CliRunner().invoke(cli, ["logs", str(log), "--lang", "ru", "--onset", ONSET.isoformat()]).output
    page = json.loads(CliRunner().invoke(cli, ["logs", str(log), "--format", "json"]).output)

    assert "New since the onset (2)" in english
    assert "as never before" in english
    assert "Новое с начала (2)" in russian
    assert "Onset" not in russian
    assert page["tests"] == 5
    assert {one["change"] for one in page["templates"]} == {"new", "gone", "fewer", "same"}


def test_a_file_that_is_not_there_is_one_clear_message(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["logs", str(tmp_path / "no.log")])

    assert done.exit_code == 1
    assert "no.log" in done.output
