"""Every format of a line that we promise to read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from diagnostics.system_monitor.probes.log_lines import Level, LineParser

AT = datetime(2026, 11, 25, 7, 30, 0, tzinfo=UTC).timestamp()
PARSER = LineParser(reference=AT)

LEVELLED = {
    "asctime": ("2026-11-25 07:30:00,123 ERROR app.api failed to book", 0.123, Level.ERROR, "app.api failed to book"),
    "asctime with dashes": ("2026-11-25 07:30:00,123 - app - WARNING - slow", 0.123, Level.WARNING, "slow"),
    "gunicorn error": ("[2026-11-25 07:30:00 +0000] [71] [INFO] Booting worker", 0.0, Level.INFO, "Booting worker"),
    "gunicorn elsewhere": ("[2026-11-25 10:30:00 +0300] [71] [CRITICAL] WORKER TIMEOUT (pid:9)", 0.0, Level.CRITICAL,
                           "WORKER TIMEOUT (pid:9)"),
    "celery": ("[2026-11-25 07:30:00,500: ERROR/MainProcess] Task x raised", 0.5, Level.ERROR, "/MainProcess] Task x raised"),
    "loguru": ("2026-11-25 07:30:00.250 | SUCCESS  | app:main:12 - ready", 0.25, Level.INFO, "app:main:12 - ready"),
    "structlog console": ("2026-11-25 07:30:00 [warning  ] pool is full      size=5", 0.0, Level.WARNING,
                          "pool is full      size=5"),
    "nginx error": ("2026/11/25 07:30:00 [error] 7#0: *1 upstream timed out", 0.0, Level.ERROR, "7#0: *1 upstream timed out"),
    "postgres": ("2026-11-25 07:30:00.100 UTC [88] app@db FATAL:  too many clients", 0.1, Level.CRITICAL,
                 "too many clients"),
    "postgres log": ("2026-11-25 07:30:00.100 UTC [88] LOG:  checkpoint starting: time", 0.1, Level.INFO,
                     "checkpoint starting: time"),
    "iso with zone": ("2026-11-25T09:30:00.5+02:00 level=error msg=broken", 0.5, Level.ERROR, "msg=broken"),
    "syslog": ("Nov 25 07:30:00 web1 app[12]: ERROR no route", 0.0, Level.ERROR, "no route"),
    "syslog 5424": ("<11>1 2026-11-25T07:30:00.000Z web1 app 12 - - ERROR no route", 0.0, Level.ERROR, "no route"),
    "syslog with a priority": ("<11>Nov 25 07:30:00 web1 app[12]: no route", 0.0, Level.ERROR, "app[12]: no route"),
    "syslog 5424 with a priority": ("<165>1 2026-11-25T07:30:00.000Z web1 app - - no route", 0.0, Level.INFO,
                                    "web1 app - - no route"),
    "logfmt": ('ts=2026-11-25T07:30:00.25Z level=warn msg="pool \\"main\\" is full" size=5', 0.25, Level.WARNING,
               'pool "main" is full'),
    "logfmt of logrus": ('time="2026-11-25T07:30:00Z" level=error msg=broken', 0.0, Level.ERROR, "broken"),
    "logfmt with seconds": (f"level=info ts={AT:.3f} event=ready", 0.0, Level.INFO, "ready"),
    "container": ("2026-11-25T07:30:00.000000000Z stderr F ERROR:    boom", 0.0, Level.ERROR, "boom"),
}  # fmt: skip


@pytest.mark.parametrize("name", LEVELLED)
def test_a_line_says_when_how_bad_and_what(name: str) -> None:
    text, fraction, level, message = LEVELLED[name]

    line = PARSER.parse(text)

    assert line.at == pytest.approx(AT + fraction, abs=1e-3)
    assert line.level is level
    assert line.message == message
    assert not line.continues


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("INFO:     Application startup complete.", Level.INFO),
        ("WARNING:root:careful", Level.WARNING),
        ("ERROR:    Exception in ASGI application", Level.ERROR),
    ],
)
def test_a_line_without_a_moment_still_has_a_level(text: str, level: Level) -> None:
    line = PARSER.parse(text)

    assert line.at is None
    assert line.level is level


REQUESTS = {
    "ours": ('2026-11-25 07:30:00,123 INFO meeting_scheduler.access "POST /meetings" 201 23.4ms', "/meetings", 201, 0.0234),
    "combined": ('10.0.0.1 - bob [25/Nov/2026:07:30:00 +0000] "GET /a?b=1 HTTP/1.1" 502 17 "https://x.example/y" "curl"',
                 "/a?b=1", 502, None),
    "nginx with time": ('10.0.0.1 - - [25/Nov/2026:07:30:00 +0000] "GET /a HTTP/1.1" 200 17 "-" "curl" 0.125', "/a", 200,
                        0.125),
    "nginx with named time": (
        '10.0.0.1 - - [25/Nov/2026:07:30:00 +0000] "GET /a HTTP/1.1" 200 17 "-" "curl" rt=0.125 uct=0.001', "/a", 200, 0.125),
    "django runserver": ('[25/Nov/2026 07:30:00] "GET /admin/ HTTP/1.1" 500 145', "/admin/", 500, None),
    "json": ('{"time":"2026-11-25T07:30:00Z","level":"info","path":"/a","method":"GET","status":503,"duration_ms":20}',
             "/a", 503, 0.02),
}  # fmt: skip


@pytest.mark.parametrize("name", REQUESTS)
def test_an_access_line_is_a_request(name: str) -> None:
    text, path, status, seconds = REQUESTS[name]

    line = PARSER.parse(text)

    assert line.at == pytest.approx(AT, abs=0.2)
    assert line.request is not None
    assert (line.request.path, line.request.status) == (path, status)
    assert line.request.seconds == (None if seconds is None else pytest.approx(seconds))


def test_an_access_line_of_logfmt_is_a_request() -> None:
    line = PARSER.parse(
        "level=info ts=2026-11-25T07:30:00Z msg=served method=GET path=/meetings status=503 duration_ms=12.5"
    )

    assert line.request is not None
    assert (line.request.path, line.request.status, line.request.seconds) == ("/meetings", 503, pytest.approx(0.0125))


def test_what_only_looks_like_logfmt_at_its_start_is_kept_whole() -> None:
    assert PARSER.parse("time=12 of 30 parts done").message == "time=12 of 30 parts done"


def test_an_access_line_of_uvicorn_has_no_moment() -> None:
    line = PARSER.parse('INFO:     127.0.0.1:50123 - "GET /meetings/7 HTTP/1.1" 404 Not Found')

    assert line.at is None
    assert line.request is not None
    assert line.request.status == 404


@pytest.mark.parametrize(
    "text",
    [
        '2026-11-25 07:30:00,1 INFO httpx HTTP Request: GET https://calendar.example/x "HTTP/1.1 503 Unavailable"',
        '2026-11-25 07:30:00,1 DEBUG urllib3 https://api.example:443 "GET /v1/x HTTP/1.1" 500 12',
    ],
)
def test_a_call_that_we_make_is_no_request_to_us(text: str) -> None:
    assert PARSER.parse(text).request is None


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ('"2026-11-25T07:30:00.5Z"', AT + 0.5),
        ("1795591800.5", 1795591800.5),
        ("1795591800500", 1795591800.5),
        ("1795591800500000000", 1795591800.5),
    ],
)
@pytest.mark.parametrize("key", ["timestamp", "time", "ts", "@timestamp"])
def test_json_lines_write_their_moment_in_many_ways(key: str, moment: str, expected: float) -> None:
    line = PARSER.parse(f'{{"{key}": {moment}, "severity": "ERROR", "event": "x"}}')

    assert line.at == pytest.approx(expected)
    assert line.level is Level.ERROR
    assert line.message == "x"


def test_a_json_line_may_hold_an_exception_in_many_ways() -> None:
    said = [
        '{"level":"error","message":"m","exc_info":"Traceback (most recent call last):\\nValueError: bad"}',
        '{"level":"error","message":"m","error":{"type":"ValueError","message":"bad"}}',
        '{"level":"error","message":"m","exception":[{"exc_type":"ValueError","exc_value":"bad","frames":[]}]}',
        '{"level":"error","message":"m","error.type":"ValueError","error.message":"bad"}',
    ]

    assert all(PARSER.parse(text).trace.endswith("ValueError: bad") for text in said)


def test_a_timed_event_is_a_span() -> None:
    line = PARSER.parse('{"timestamp":"2026-11-25T07:30:00Z","level":"INFO","name":"book","duration_seconds":0.25}')

    assert line.span is not None
    assert (line.span.name, line.span.seconds, line.span.failed) == ("book", 0.25, False)


@pytest.mark.parametrize("text", ["{not json", '{"a": 1', '{"level": }', "{" * 5000])
def test_invalid_json_is_kept_as_text(text: str) -> None:
    line = PARSER.parse(text)

    assert line.invalid_json
    assert line.message == text


def test_a_moment_without_zone_is_read_in_the_zone_of_the_log() -> None:
    moscow = LineParser(zone_seconds=3 * 3600)

    assert moscow.parse("2026-11-25 10:30:00,000 INFO x").at == AT
    assert moscow.parse("2026-11-25 07:30:00.000Z INFO x").at == AT


def test_decembers_lines_are_read_in_january() -> None:
    january = LineParser(reference=datetime(2027, 1, 1, 0, 5, tzinfo=UTC).timestamp())

    assert january.parse("Dec 31 23:59:00 web app: x").at == datetime(2026, 12, 31, 23, 59, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "text",
    ["", " ", "\t at x", "    raise x", "9999-99-99 99:99:99 x", "[", "<", "Ж", "2026-13-41 07:30:00 E"],
)
def test_nothing_that_a_log_holds_makes_the_parser_fail(text: str) -> None:
    assert PARSER.parse(text).message is not None
