"""Lines -> records -> counts (pure): tracebacks folded, messages grouped, requests kept as numbers."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field

from diagnostics.system_monitor.probes import tracebacks
from diagnostics.system_monitor.probes.log_lines import Level, Line, LineParser, Request, Span
from diagnostics.system_monitor.probes.log_templates import Collector, Template, path_template

MOST_FOLDED_LINES = 300
MOST_PATHS = 5_000
MOST_SPANS = 500
_EXAMPLE_HEAD, _EXAMPLE_TAIL = 1_500, 2_500
_TRACE = "Traceback (most recent call last):"
_DIGITS = dict.fromkeys(map(ord, "0123456789"))


@dataclass(slots=True)
class Requests:
    """Answered requests, column by column; ``seconds`` is not-a-number where the log has none."""

    moments: array[float] = field(default_factory=lambda: array("d"))
    seconds: array[float] = field(default_factory=lambda: array("d"))
    statuses: array[int] = field(default_factory=lambda: array("H"))
    paths: array[int] = field(default_factory=lambda: array("H"))
    names: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Spans:
    """Timed events of one name."""

    moments: array[float] = field(default_factory=lambda: array("d"))
    seconds: array[float] = field(default_factory=lambda: array("d"))
    failed: array[float] = field(default_factory=lambda: array("d"))


@dataclass(slots=True)
class _Record:
    at: float
    level: Level
    message: str
    trace: str = ""
    folded: list[str] = field(default_factory=list)
    in_trace: bool = False


class Digest:
    """Everything that is kept of a log."""

    def __init__(self, parser: LineParser, *, start: float) -> None:
        self._parser = parser
        self._open: _Record | None = None
        self._last = start
        self._traces: dict[tuple[Level, str, str], Template] = {}
        self._paths: dict[str, int] = {}
        self._path_names: dict[str, int] = {}
        self.lines: array[float] = array("d")
        self.errors: array[float] = array("d")
        self.requests = Requests()
        self.spans: dict[str, Spans] = {}
        self.covered: list[tuple[float, float]] = []
        self.collected = Collector()
        self.invalid_json = 0
        self.timed = 0

    def feed(self, lines: Iterable[str], *, step: float = 0.0) -> None:
        """Take whole lines without gaps, oldest first.

        Args:
            lines: The lines.
            step: Seconds between two lines, for a log that has no moments.
        """
        first: float | None = None
        parse, moments = self._parser.parse, self.lines
        for text in lines:
            if not text:
                continue
            line = parse(text)
            if line.at is not None:
                self._last = line.at
                self.timed += 1
            elif step:
                self._last += step
            if first is None and (line.at is not None or step):
                first = self._last
            moments.append(self._last)
            self._take(line)
        self._close()
        if first is not None:
            self.covered.append((min(first, self._last), max(first, self._last)))

    def _take(self, line: Line) -> None:
        if line.invalid_json:
            self.invalid_json += 1
        if line.request is not None:
            self._close()
            self._request(line.request)
            if line.span is not None:
                self._span(line.span)
            if line.trace:
                self._open = _Record(self._last, max(line.level, Level.ERROR), line.message, line.trace)
            return
        headless = line.at is None and line.level is Level.NONE and not line.trace
        record = self._open
        if line.continues or headless:
            if tracebacks.is_start(line.message):
                # Chained tracebacks and that of a logged error belong to the record; others are news.
                if record is None or not (record.in_trace or record.level >= Level.WARNING):
                    self._close()
                    record = self._open = _Record(self._last, Level.ERROR, "")
                record.in_trace = True
            if record is not None and (line.continues or record.in_trace or record.level >= Level.WARNING):
                if len(record.folded) < MOST_FOLDED_LINES:
                    record.folded.append(line.message)
                return
            if line.continues:
                return
        self._close()
        if line.span is not None:
            self._span(line.span)
            if line.level < Level.WARNING and not line.trace:
                return  # its numbers say all that it has to say
        self._open = _Record(self._last, line.level, line.message, line.trace)
        if not line.trace and line.message.endswith(_TRACE):
            # The message is the traceback: uvicorn says so why an application did not start.
            self._open = _Record(self._last, line.level, line.message.removesuffix(_TRACE).strip())
            self._open.folded.append(_TRACE)
            self._open.in_trace = True

    def _close(self) -> None:
        record, self._open = self._open, None
        if record is None:
            return
        if record.trace or record.in_trace:
            template = self._traced(record)
        elif record.folded and record.level >= Level.WARNING:
            template = self._plain(record.level, record.message, "\n".join([record.message, *record.folded]))
        else:
            template = self._plain(record.level, record.message, record.message)
        template.moments.append(record.at)
        if template.level >= Level.ERROR:
            self.errors.append(record.at)

    def _plain(self, level: Level, message: str, full: str) -> Template:
        known = self.collected.known(level, message)
        if known is not None:
            return known
        exception = sqlstate = ""
        if level >= Level.WARNING:
            exception, sqlstate = tracebacks.exception_in(message), tracebacks.sqlstate_in(full)
        return self.collected.learn(
            level, message, exception=exception, sqlstate=sqlstate, example=shorten_middle(full)
        )

    def _traced(self, record: _Record) -> Template:
        folded = record.trace.splitlines()[-MOST_FOLDED_LINES:] if record.trace else record.folded
        ending = " ".join(folded[-3:])[:400].translate(_DIGITS)
        key = (record.level, record.message[:200].translate(_DIGITS), ending)
        known = self._traces.get(key)
        if known is not None:
            return known
        text = "\n".join(folded)
        parsed = tracebacks.parse(text)
        level = record.level if record.level >= Level.WARNING else Level.ERROR
        if parsed is None:  # cut off
            template = self.collected.learn(level, record.message or text[:200], example=text, remember=False)
        else:
            said = f"{parsed.exception}: {parsed.message}" if parsed.message else parsed.exception
            headline = record.message.partition("\n")[0]
            if not headline or said in headline:
                shown = headline or said
            else:  # a message that repeats the exception's need not be read twice
                repeats = parsed.message and parsed.message in headline
                shown = f"{headline} ({parsed.exception})" if repeats else f"{headline} {said}"
            template = self.collected.learn(
                level,
                shown,
                exception=parsed.exception,
                sqlstate=parsed.sqlstate,
                frame=parsed.frame,
                example=shorten_middle(f"{shown}\n{text}"),
                remember=False,
            )
        if len(self._traces) < MOST_PATHS:
            self._traces[key] = template
        return template

    def _request(self, request: Request) -> None:
        table = self.requests
        index = self._paths.get(request.path)
        if index is None:
            name = path_template(request.path)
            index = self._path_names.get(name)
            if index is None:
                if len(table.names) >= MOST_PATHS:
                    name, index = "(other paths)", self._path_names.get("(other paths)")
                if index is None:
                    index = len(table.names)
                    table.names.append(name)
                    self._path_names[name] = index
            if len(self._paths) < 4 * MOST_PATHS:
                self._paths[request.path] = index
        table.moments.append(self._last)
        table.seconds.append(math.nan if request.seconds is None else request.seconds)
        table.statuses.append(request.status)
        table.paths.append(index)

    def _span(self, span: Span) -> None:
        spans = self.spans.get(span.name)
        if spans is None:
            if len(self.spans) >= MOST_SPANS:
                return
            spans = self.spans[span.name] = Spans()
        spans.moments.append(self._last)
        spans.seconds.append(span.seconds)
        if span.failed:
            spans.failed.append(self._last)


def shorten_middle(text: str) -> str:
    """Return the text with its middle left out when it is long: a traceback speaks at both ends."""
    if len(text) <= _EXAMPLE_HEAD + _EXAMPLE_TAIL:
        return text
    return f"{text[:_EXAMPLE_HEAD]}\n…\n{text[-_EXAMPLE_TAIL:]}"
