"""From lines to readings: folding, counting, classifying."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from diagnostics.model.observation import Observations
from diagnostics.system_monitor.probes.log_digest import Digest
from diagnostics.system_monitor.probes.log_lines import LineParser
from diagnostics.system_monitor.probes.logs import log_readings
from diagnostics.system_monitor.probes.notes import Notes

NOW = datetime(2026, 11, 25, 7, 30, 0, tzinfo=UTC)
TRACE = """Traceback (most recent call last):
  File "/srv/app/api.py", line 88, in create
    book()
psycopg.errors.UndefinedColumn: column meetings.location does not exist
LINE 1: SELECT meetings.location"""


def stamp(seconds_ago: float) -> str:
    at = datetime.fromtimestamp(NOW.timestamp() - seconds_ago, UTC)
    return at.strftime("%Y-%m-%d %H:%M:%S,") + f"{at.microsecond // 1000:03}"


def read(lines: Iterable[str], classify=None) -> Observations:
    digest = Digest(LineParser(reference=NOW.timestamp()), start=NOW.timestamp())
    digest.feed("\n".join(lines).split("\n"))
    notes = Notes(NOW, "test", (("file", "app.log"),))
    return Observations(log_readings(digest, notes, modified=NOW.timestamp(), classify_line=classify))


def quiet(until: float = 0.0) -> list[str]:
    return [f'{stamp(t)} INFO app.access "GET /meetings/{t}" 200 10.0ms' for t in range(600, int(until), -1)]


def test_a_traceback_is_one_record_with_its_line() -> None:
    seen = read([*quiet(1), f"{stamp(1)} ERROR app failed for user 7", TRACE, f"{stamp(0)} INFO app next"])

    (template,) = seen.readings("log.template", exception="psycopg.errors.UndefinedColumn")
    assert template.value == 1
    assert template.labels["sqlstate"] == "42703"
    assert template.labels["level"] == "ERROR"
    assert template.labels["frame"] == "create (app/api.py:88)"
    assert "app failed for user 7" in template.labels["example"]
    assert "column meetings.location does not exist" in template.labels["example"]
    assert seen.value("log.errors", window="recent") == 1


def test_a_message_that_is_itself_a_traceback_names_its_exception() -> None:
    seen = read([*quiet(1), f"{stamp(1)} ERROR uvicorn.error {TRACE}", f"{stamp(0)} ERROR uvicorn.error Exiting."])

    (template,) = seen.readings("log.template", exception="psycopg.errors.UndefinedColumn")
    assert template.labels["frame"] == "create (app/api.py:88)"
    assert seen.value("log.errors", window="recent") == 2


def test_an_uncaught_traceback_without_a_head_is_an_error_of_its_own() -> None:
    seen = read([f"{stamp(2)} INFO app ok", TRACE])

    assert seen.value("log.errors", window="recent") == 1
    assert seen.readings("log.template", level="ERROR")[0].labels["exception"] == "psycopg.errors.UndefinedColumn"


def test_a_chain_is_counted_once() -> None:
    chain = f"{TRACE}\n\nThe above exception was the direct cause of the following exception:\n\n" + TRACE.replace(
        "psycopg.errors.UndefinedColumn", "sqlalchemy.exc.ProgrammingError"
    )

    seen = read([f"{stamp(2)} INFO app ok", chain])

    assert seen.value("log.errors", window="recent") == 1


def test_two_uncaught_tracebacks_in_a_row_of_a_json_log_are_two() -> None:
    line = '{"timestamp":"%s","level":"ERROR","message":"m","error":{"type":"ValueError","message":"bad"}}'

    seen = read([line % stamp(2).replace(",", "."), line % stamp(1).replace(",", ".")])

    assert seen.value("log.errors", window="recent") == 2
    assert seen.readings("log.template")[0].labels["exception"] == "ValueError"


def test_a_statement_of_the_database_log_belongs_to_its_error() -> None:
    seen = read(
        [
            "2026-11-25 07:29:58.000 UTC [7] ERROR:  deadlock detected",
            "2026-11-25 07:29:58.000 UTC [7] DETAIL:  Process 7 waits for ShareLock",
            "\tProcess 8 waits",
            "2026-11-25 07:29:58.000 UTC [7] STATEMENT:  UPDATE x",
        ]
    )

    assert seen.value("log.errors", window="recent") == 1
    assert len(seen.readings("log.template")) == 1


def test_the_onset_parts_recent_from_before() -> None:
    failing = [f'{stamp(20 - i / 10)} INFO app.access "POST /meetings" 500 5.0ms' for i in range(200)]

    seen = read([*quiet(20), *failing])

    assert seen.value("log.onset", kind="errors") == pytest.approx(NOW.timestamp() - 20, abs=1)
    assert seen.value("log.access.errors", window="recent") == 200
    assert seen.value("log.access.errors", window="before") == 0
    assert seen.value("log.window", window="recent") == pytest.approx(20, abs=1)
    assert seen.value("log.access.path_errors", path="/meetings", status="500") == 200


def test_errors_that_ended_long_ago_are_not_recent() -> None:
    old = [f"{stamp(7200 - i / 10)} ERROR app broken {i}" for i in range(100)]

    seen = read(old)

    assert seen.value("log.errors", window="recent") == 0
    assert seen.value("log.last_line_age") == pytest.approx(7190, abs=1)
    (template,) = seen.readings("log.template")
    assert template.value == 0
    assert template.labels["before_raw"] == "100"
    assert not seen.readings("log.onset")


def test_percentiles_are_those_of_each_window() -> None:
    slow = [f'{stamp(30 - i / 10)} INFO app.access "GET /meetings/1" 200 900.0ms' for i in range(300)]

    seen = read([*quiet(30), *slow])

    assert seen.value("log.access.p95", window="before") == pytest.approx(0.01)
    assert seen.value("log.access.p95", window="recent") == pytest.approx(0.9)
    assert seen.value("log.access.path_p95", path="/meetings/{id}", window="recent") == pytest.approx(0.9)
    assert seen.value("log.onset", kind="latency") == pytest.approx(NOW.timestamp() - 30, abs=2)


def test_texts_are_classified_once_per_template_and_counted_per_line() -> None:
    asked: list[str] = []

    def classify(text: str) -> list[tuple[str, float]]:
        asked.append(text)
        return [("db-lock-wait", 3.0)] if "lock timeout" in text else []

    lines = [f"{stamp(50 - i / 10)} ERROR app canceling statement due to lock timeout, job {i}" for i in range(200)]
    seen = read([*quiet(50), *lines], classify)

    (signature,) = seen.readings("log.signature")
    assert signature.value == 200
    assert signature.labels["mechanism"] == "db-lock-wait"
    assert signature.labels["weight"] == "3"
    assert len(asked) < 5


def test_a_new_quiet_message_is_reported_and_a_known_one_is_not() -> None:
    seen = read(
        [
            *quiet(300),
            *[f"{stamp(t)} INFO app tick {t}" for t in range(300, 0, -1)],
            f"{stamp(0)} INFO app reloading",
        ]
    )

    assert [r.labels["template"] for r in seen.readings("log.template")] == ["app reloading"]


def test_a_word_that_is_new_is_news_unless_that_place_took_many_words_before() -> None:
    names = ["anna", "boris", "clara", "dmitri", "eva", "fyodor", "grace"]
    known = [f"{stamp(300 - i)} ERROR app login of {name} failed" for i, name in enumerate(names[:5])]
    hosts = [f"{stamp(200 - i)} ERROR app cannot reach {host}" for i, host in enumerate(["a.example", "b.example"])]
    news = [f"{stamp(9)} ERROR app login of {name} failed" for name in names[5:]]

    seen = read([*quiet(300), *known, *hosts, *news, f"{stamp(8)} ERROR app cannot reach c.example"])

    told = {r.labels["template"]: (r.value, r.labels["before_raw"]) for r in seen.readings("log.template")}
    assert told["app login of <*> failed"] == (2, "5")
    assert told["app cannot reach c.example"] == (1, "0")
    assert told["app cannot reach <*>"] == (0, "2")


def test_texts_of_one_family_are_classified_each() -> None:
    said = ["anna", "boris", "clara", "dmitri", "lock"]
    lines = [f"{stamp(9)} ERROR app the {word} timed out" for word in said]

    seen = read([*quiet(10), *lines], lambda text: [("db-lock-wait", 3.0)] if "lock" in text else [])

    assert [r.labels["template"] for r in seen.readings("log.template")] == ["app the <*> timed out"]
    assert seen.readings("log.signature")[0].value == 1


def test_secrets_do_not_reach_the_labels() -> None:
    seen = read([f"{stamp(1)} ERROR app cannot connect to postgresql://app:hunter2@db/x password=hunter2"])

    assert "hunter2" not in str(list(seen))


def test_timed_events_are_spans() -> None:
    line = '{"timestamp":"%s","level":"%s","name":"calendar.sync","duration_seconds":%s,"outcome":"%s"}'
    at = [stamp(i / 10).replace(",", ".") for i in range(100)]
    seen = read([line % (moment, "INFO", 0.5, "ok" if i else "error") for i, moment in enumerate(at)])

    spans = {(r.name, r.labels["window"]): r.value for r in seen if r.labels.get("name") == "calendar.sync"}
    assert spans["log.span.count", "recent"] == 100
    assert spans["log.span.errors", "recent"] == 1
    assert spans["log.span.p95", "recent"] == pytest.approx(0.5)
    assert not seen.readings("log.template", level="INFO")


def test_invalid_json_is_counted() -> None:
    seen = read([f'{{"timestamp":"{stamp(1).replace(",", ".")}","level":"INFO","message":"x"}}', '{"broken', "{also"])

    assert seen.value("log.invalid_json") == 2


def test_an_empty_log_has_an_age_and_nothing_else() -> None:
    assert read([]).names() == {"log.last_line_age"}


def test_refusals_of_a_path_are_told_with_what_was_before_them_but_pages_that_are_not_there_are_none() -> None:
    served = [f'{stamp(30 - i)} INFO app.access "POST /webhooks" 200 5.0ms' for i in range(6)]
    refused = [f'{stamp(20 - i)} INFO app.access "POST /webhooks" 401 5.0ms' for i in range(9)]
    scanned = [f'{stamp(20 - i)} INFO app.access "GET /wp-login.php" 404 1.0ms' for i in range(9)]

    (found,) = read([*served, *refused, *scanned]).readings("log.access.path_refused")

    assert (found.value, found.labels["path"], found.labels["status"]) == (9, "/webhooks", "401")
    assert (found.labels["requests"], found.labels["before"], found.labels["before_requests"]) == ("9", "0", "6")


def test_a_log_that_jumps_back_in_time_and_stays_there_shows_a_clock_that_was_set() -> None:
    before = [f"{stamp(60 - n)} INFO app fine" for n in range(20)]
    after = [f"{stamp(640 - n)} INFO app fine" for n in range(20)]

    step = read([*before, *after]).value("log.clock_step", None)

    assert step == pytest.approx(-599.0)


def test_lines_a_little_out_of_order_are_no_step_of_the_clock() -> None:
    lines = [f"{stamp(60 - n + (30 if n == 10 else 0))} INFO app fine" for n in range(40)]

    assert read(lines).last("log.clock_step") is None
