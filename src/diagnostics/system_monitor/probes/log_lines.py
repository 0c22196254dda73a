"""One line of a log -> moment, level, message, request (pure), in the formats of Python backends."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

import msgspec


class Level(IntEnum):
    """How serious a line says it is; ``NONE`` when it does not say."""

    NONE = 0
    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40
    CRITICAL = 50


_LEVELS = {
    "trace": Level.DEBUG, "debug": Level.DEBUG, "info": Level.INFO, "notice": Level.INFO, "log": Level.INFO,
    "information": Level.INFO, "success": Level.INFO, "warn": Level.WARNING, "warning": Level.WARNING,
    "error": Level.ERROR, "err": Level.ERROR, "exception": Level.ERROR, "critical": Level.CRITICAL,
    "crit": Level.CRITICAL, "fatal": Level.CRITICAL, "panic": Level.CRITICAL, "alert": Level.CRITICAL,
    "emerg": Level.CRITICAL, "emergency": Level.CRITICAL,
}  # fmt: skip
_SEVERITIES = (*[Level.CRITICAL] * 3, Level.ERROR, Level.WARNING, Level.INFO, Level.INFO, Level.DEBUG)
_LEVEL = re.compile(
    r"\b(?:(TRACE|DEBUG|INFO|SUCCESS|NOTICE|WARNING|WARN|ERROR|CRITICAL|FATAL|PANIC|LOG|DETAIL|HINT|CONTEXT|STATEMENT|QUERY)"
    r"|(?:level|lvl|severity)=[\"']?(\w+))\b[\"']?"
    r"|\[(debug|info|notice|warning|warn|error|critical|crit|alert|emerg)\s*\]"
)
_CONTINUES = frozenset({"DETAIL", "HINT", "CONTEXT", "STATEMENT", "QUERY"})
_LEVEL_REACH = 80
"""Levels stand near the start; further on it is the message that speaks."""
_STAMP = re.compile(
    r"(?:<\d{1,3}>\d )?[\[(]?(\d{4})[-/.](\d\d)[-/.](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?"
    r"(?: ?(Z\b|UTC|GMT|[+-]\d\d:?\d\d)| [A-Z]{3,4}(?= \[))?"
)
_CLF_STAMP = re.compile(r"\[(\d\d)/([A-Z][a-z]{2})/(\d{4})[: ](\d\d):(\d\d):(\d\d)(?: ([+-]\d{4}))?\]")
_SYSLOG = re.compile(r"(?:<\d{1,3}>)?([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) \S+ ")
_BARE_LEVEL = re.compile(r"(DEBUG|INFO|WARNING|ERROR|CRITICAL|FATAL)(?:: +|:(?=[\w.]+:))")
_LOGFMT_START = re.compile(r"(?:ts|t|time|timestamp|at|date|level|lvl|severity)=")
_LOGFMT_PAIR = re.compile(r"([\w.@-]+)=(?:\"((?:[^\"\\]|\\.)*)\"|(\S*))")
_CRI = re.compile(r"\s*std(?:out|err) [FP] ")
_MONTHS = {
    name: i
    for i, name in enumerate(("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1)
}
_REQUEST = re.compile(
    r"\b(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) (/[^\s\"]*)(?: HTTP/\d(?:\.\d)?)?\"?"
    r"[ :>\-]{1,4}([1-5]\d\d)\b"
)
_NAMED_DURATION = re.compile(
    r"\b(?:rt|request_time|duration|took|elapsed|time|latency)(?:_?(ms|seconds|us))?"
    r"[=: ]\"?(\d+(?:\.\d+)?) ?(ms|us|µs|s)?\b"
)
_DURATION = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?) ?(ms|us|µs|s)\b")
_LAST_DURATION = re.compile(r"\s\"?(\d+\.\d{3,6})\"?$")
_UNITS = {"ms": 1e-3, "us": 1e-6, "µs": 1e-6, "s": 1.0, "seconds": 1.0}


@dataclass(frozen=True, slots=True)
class Request:
    """One answered request of the service."""

    method: str
    path: str
    status: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Span:
    """One timed event of a JSON log."""

    name: str
    seconds: float
    failed: bool


@dataclass(slots=True)
class Line:
    """What a line says.

    Attributes:
        at: Unix seconds; None when the line has no moment of its own.
        continues: It belongs to the record before it.
        trace: Traceback inside the line (JSON logs).
    """

    at: float | None
    level: Level
    message: str
    continues: bool = False
    request: Request | None = None
    span: Span | None = None
    trace: str = ""
    invalid_json: bool = False


class LineParser:
    """Parses the lines of one file; remembers the last second, for most lines share it with their neighbour.

    Args:
        zone_seconds: Offset of moments that are written without a zone, east of UTC.
        reference: Unix seconds near the end of the log; gives syslog lines their year.
    """

    def __init__(self, *, zone_seconds: float = 0.0, reference: float = 0.0) -> None:
        self._zone = zone_seconds
        self._reference = reference
        self._days: dict[str, float] = {}
        self._second, self._second_at = "", 0.0

    def parse(self, line: str) -> Line:
        """Return what the line says; a line of no known format is a message without level and moment."""
        first = line[:1]
        if first == "{":
            return self._json(line, None)
        if first in " \t" or not first:
            return Line(None, Level.NONE, line, continues=True)
        if first.isdigit() or first in "[<(":
            stamp = _STAMP.match(line)
            if stamp is not None:
                return self._after(line, stamp.end(), self._moment(stamp))
        if first.isupper() or first == "<":
            bare = _BARE_LEVEL.match(line)
            if bare is not None:
                level = _LEVELS[bare[1].lower()]
                message = line[bare.end() :]
                return Line(None, level, message, request=_request(line))
            syslog = _SYSLOG.match(line)
            if syslog is not None:
                return self._after(line, syslog.end(), self._syslog_moment(syslog))
        if "=" in line[:12] and _LOGFMT_START.match(line) is not None:
            return self._logfmt(line)
        if "[" in line and (clf := _CLF_STAMP.search(line, 0, 200)) is not None:
            request = _request(line, clf.end())
            return Line(self._clf_moment(clf), Level.INFO, line[clf.end() :].strip(), request=request)
        return Line(None, Level.NONE, line, request=_request(line))

    def _after(self, line: str, end: int, at: float) -> Line:
        found = _LEVEL.search(line, end, end + _LEVEL_REACH)
        if found is None:
            cri = _CRI.match(line, end)
            rest = line[cri.end() if cri else end :].lstrip(" ]:")
            indented = line[cri.end() if cri else end + 1 :].startswith((" ", "\t"))
            if rest.startswith("{"):
                return self._json(rest, at)
            if cri is not None and (bare := _BARE_LEVEL.match(rest)) is not None:
                return Line(at, _LEVELS[bare[1].lower()], rest[bare.end() :], request=_request(rest))
            if indented or rest.startswith("Traceback (most recent call last)"):
                return Line(at, Level.NONE, line[cri.end() if cri else end + 1 :], continues=True)
            return Line(at, _priority(line), rest, request=_request(line, end))
        word = found[1] or found[2] or found[3]
        if word in _CONTINUES:
            return Line(at, Level.NONE, line[found.start() :], continues=True)
        request = _request(line, end)
        level = _LEVELS.get(word.lower(), Level.NONE)
        start = found.end()
        length = len(line)
        while start < length and line[start] in " :|]-\t":
            start += 1
        return Line(at, level, line[start:], request=request)

    def _moment(self, stamp: re.Match[str]) -> float:
        until_second = stamp.string[stamp.start(1) : stamp.end(6)]
        fraction, zone = stamp.group(7, 8)
        if until_second != self._second:
            year, month, day, hour, minute, second = stamp.group(1, 2, 3, 4, 5, 6)
            self._second = until_second
            self._second_at = self._day(year, month, day) + int(hour) * 3600 + int(minute) * 60 + int(second)
        at = self._second_at
        if fraction:
            at += int(fraction) / 10 ** len(fraction)
        return at - (self._zone if zone is None else _zone_seconds(zone))

    def _clf_moment(self, stamp: re.Match[str]) -> float:
        day, month, year, hour, minute, second, zone = stamp.groups()
        at = self._day(year, f"{_MONTHS.get(month, 1):02}", day) + int(hour) * 3600 + int(minute) * 60 + int(second)
        return at - (self._zone if zone is None else _zone_seconds(zone))

    def _syslog_moment(self, stamp: re.Match[str]) -> float:
        month, day, hour, minute, second = stamp.groups()
        year = datetime.fromtimestamp(self._reference, UTC).year
        clock = int(hour) * 3600 + int(minute) * 60 + int(second) - self._zone
        at = self._day(str(year), f"{_MONTHS.get(month, 1):02}", f"{int(day):02}") + clock
        if at > self._reference + 86400 * 2:  # December's lines, read in January
            at = self._day(str(year - 1), f"{_MONTHS.get(month, 1):02}", f"{int(day):02}") + clock
        return at

    def _day(self, year: str, month: str, day: str) -> float:
        key = year + month + day
        found = self._days.get(key)
        if found is None:
            try:
                found = datetime(int(year), int(month), int(day), tzinfo=UTC).timestamp()
            except ValueError:
                found = self._reference  # the 31st of June
            if len(self._days) < 1000:
                self._days[key] = found
        return found

    def _logfmt(self, line: str) -> Line:
        fields: dict[str, Any] = {}
        for name, quoted, bare in _LOGFMT_PAIR.findall(line):
            fields.setdefault(name, _number(bare) if bare else quoted.replace('\\"', '"'))
        message = _first(fields, ("message", "msg", "event", "text"))
        if message is None:  # no message: what it says are its fields
            return self._of_fields(fields | {"message": line}, None)
        return self._of_fields(fields, None)

    def _json(self, line: str, at: float | None) -> Line:
        try:
            fields = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            return Line(at, Level.NONE, line, invalid_json=True)
        if not isinstance(fields, dict):
            return Line(at, Level.NONE, line)
        return self._of_fields(fields, at)

    def _of_fields(self, fields: Mapping[str, Any], at: float | None) -> Line:
        record = fields.get("record")
        if isinstance(record, dict):  # loguru
            fields = {**record, **{k: v for k, v in fields.items() if k != "record"}}
        moment = self._json_moment(fields)
        level = _json_level(fields)
        message, trace = _json_message(fields)
        request = _json_request(fields)
        if request is None and " /" in message:
            request = _request(message)
        span = _json_span(fields, failed=level >= Level.ERROR or bool(trace))
        return Line(at if moment is None else moment, level, message, request=request, span=span, trace=trace)

    def _json_moment(self, fields: Mapping[str, Any]) -> float | None:
        value = _first(fields, ("timestamp", "time", "ts", "@timestamp", "asctime", "datetime", "created", "t"))
        if isinstance(value, dict):
            value = value.get("timestamp")
        if isinstance(value, int | float) and not isinstance(value, bool):
            for scale in (1.0, 1e3, 1e6, 1e9):
                if 1e8 < value / scale < 1e10:
                    return value / scale
            return None
        if isinstance(value, str):
            stamp = _STAMP.match(value)
            return self._moment(stamp) if stamp is not None else None
        return None


def _priority(line: str) -> Level:
    """Return the severity of a syslog line that begins with its priority (RFC 5424, 6.2.1); NONE without one."""
    if line[:1] != "<" or not (digits := line[1:4].partition(">")[0]).isdigit():
        return Level.NONE
    severity = int(digits) % 8
    return _SEVERITIES[severity]


def _number(text: str) -> str | float | int:
    if text.isdigit():
        return int(text)
    try:
        return float(text) if text[0].isdigit() else text
    except ValueError:
        return text


def _zone_seconds(zone: str) -> float:
    if zone[0] not in "+-":
        return 0.0
    seconds = int(zone[1:3]) * 3600 + int(zone[-2:]) * 60
    return float(-seconds if zone[0] == "-" else seconds)


def _request(line: str, start: int = 0) -> Request | None:
    if " /" not in line:
        return None
    found = _REQUEST.search(line, start)
    if found is None or "://" in line[: found.start()]:  # calls that we make ourselves are logged with their host
        return None
    return Request(found[1], found[2], int(found[3]), _seconds(line, found.end()))


def _seconds(line: str, start: int) -> float | None:
    if start >= len(line):
        return None
    if (named := _NAMED_DURATION.search(line, start)) is not None:
        return float(named[2]) * _UNITS[named[3] or named[1] or "s"]
    if (bare := _DURATION.search(line, start)) is not None:
        return float(bare[1]) * _UNITS[bare[2]]
    if (last := _LAST_DURATION.search(line, start)) is not None:
        return float(last[1])
    return None


def _first(fields: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    for name in names:
        value = fields.get(name)
        if value is not None:
            return value
    return None


def _json_level(fields: Mapping[str, Any]) -> Level:
    value = _first(fields, ("level", "severity", "levelname", "log.level", "lvl", "level_name", "levelno"))
    if isinstance(value, dict):
        value = value.get("name")
    if isinstance(value, str):
        return _LEVELS.get(value.strip().lower(), Level.NONE)
    if isinstance(value, int) and not isinstance(value, bool):
        return Level(max((level for level in Level if level <= value), default=Level.NONE))
    return Level.NONE


def _json_message(fields: Mapping[str, Any]) -> tuple[str, str]:
    """Return the message, and the traceback or exception that comes with it."""
    value = _first(fields, ("message", "msg", "event", "text"))
    message = value if isinstance(value, str) else ("" if value is None else str(value))
    trace = _first(
        fields,
        (
            "exception",
            "exc_info",
            "exc_text",
            "traceback",
            "stack_trace",
            "error.stack_trace",
            "exception.stacktrace",
            "error",
        ),
    )
    if isinstance(trace, list) and trace and isinstance(trace[-1], dict):
        trace = trace[-1]
    if isinstance(trace, dict):
        kind = _first(trace, ("type", "exc_type", "class", "name")) or ""
        said = _first(trace, ("message", "exc_value", "value", "msg")) or ""
        stack = _first(trace, ("stack", "stacktrace", "stack_trace", "traceback")) or ""
        return message, str(stack) if "Traceback" in str(stack) else _as_exception(str(kind), str(said))
    if isinstance(trace, str) and trace.strip() not in {"", "None", "NoneType: None"}:
        return message, trace
    kind = _first(fields, ("error.type", "exception.type", "exc_type", "error_type", "exception_type"))
    if isinstance(kind, str):
        said = _first(fields, ("error.message", "exception.message", "exc_value", "error_message", "exception_message"))
        return message, _as_exception(kind, str(said or ""))
    return message, ""


def _as_exception(kind: str, said: str) -> str:
    return f"{kind}: {said}" if kind and said else kind or said


def _json_seconds(fields: Mapping[str, Any]) -> float | None:
    for name, unit in (
        ("duration_seconds", 1.0), ("elapsed_seconds", 1.0), ("request_time", 1.0), ("duration_s", 1.0),
        ("duration_ms", 1e-3),
        ("elapsed_ms", 1e-3), ("latency_ms", 1e-3), ("response_time_ms", 1e-3), ("time_ms", 1e-3),
    ):  # fmt: skip
        value = fields.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
            return value * unit
        if isinstance(value, str) and value.replace(".", "", 1).isdigit():
            return float(value) * unit
    return None


def _json_request(fields: Mapping[str, Any]) -> Request | None:
    status = _first(fields, ("status", "status_code", "http_status", "http.status_code", "http.response.status_code"))
    path = _first(
        fields,
        ("path", "route", "http.route", "request_path", "url.path", "uri", "request_uri", "http.target"),
    )
    if isinstance(status, str) and status.isdigit():
        status = int(status)
    if not isinstance(status, int) or not 100 <= status <= 599 or not isinstance(path, str) or not path.startswith("/"):
        return None
    method = _first(fields, ("method", "http.method", "request_method", "http.request.method"))
    return Request(str(method or ""), path, status, _json_seconds(fields))


def _json_span(fields: Mapping[str, Any], *, failed: bool) -> Span | None:
    seconds = _json_seconds(fields)
    name = _first(fields, ("name", "operation", "span", "function"))
    if seconds is None or not isinstance(name, str) or not name:
        return None
    outcome = str(_first(fields, ("outcome", "result", "status")) or "").lower()
    return Span(name, seconds, failed or outcome in {"error", "failed", "failure", "exception"})
