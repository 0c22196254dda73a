"""Lines -> records (pure): tracebacks, their chains and continued lines are folded into the record they belong to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from diagnostics.system_monitor.probes import tracebacks
from diagnostics.system_monitor.probes.log_lines import Level, Line, LineParser, Request, Span

MOST_FOLDED_LINES = 300
_EXAMPLE_HEAD, _EXAMPLE_TAIL = 1_500, 2_500
_TRACE = "Traceback (most recent call last):"
_DIGITS = dict.fromkeys(map(ord, "0123456789"))


@dataclass(slots=True)
class Record:
    """One message of a log with the lines that belong to it.

    Attributes:
        at: Unix seconds.
        trace: Traceback that came in a field of a JSON line.
        folded: Lines that follow the message.
        in_trace: The folded lines hold a traceback.
    """

    at: float
    level: Level
    message: str
    trace: str = ""
    folded: list[str] = field(default_factory=list)
    in_trace: bool = False

    @property
    def has_trace(self) -> bool:
        return bool(self.trace) or self.in_trace

    def trace_lines(self) -> list[str]:
        """Return the last lines of the traceback."""
        return self.trace.splitlines()[-MOST_FOLDED_LINES:] if self.trace else self.folded

    def trace_key(self) -> tuple[Level, str, str]:
        """Return what tracebacks share that differ in digits only."""
        ending = " ".join(self.trace_lines()[-3:])[:400].translate(_DIGITS)
        return self.level, self.message[:200].translate(_DIGITS), ending


@dataclass(frozen=True, slots=True)
class Said:
    """What a record with a traceback says in one line, and what else is known of it."""

    level: Level
    text: str
    exception: str
    sqlstate: str
    frame: str
    example: str


class RecordSink(Protocol):
    """Takes what a log holds, in the order of its lines."""

    def line(self, at: float) -> None:
        """Take the moment of a line."""

    def invalid(self) -> None:
        """Take notice of a line that begins like JSON and is none."""

    def record(self, record: Record) -> None:
        """Take a message with all lines that belong to it."""

    def request(self, at: float, request: Request) -> None:
        """Take an answered request; it is no record."""

    def span(self, at: float, span: Span) -> None:
        """Take a timed event; a quiet one is no record."""


class Folder:
    """Feeds a sink; keeps one open record and no more.

    Args:
        parser: Of the lines.
        sink: Takes what they say.
        start: Unix seconds of lines before the first moment.
    """

    def __init__(self, parser: LineParser, sink: RecordSink, *, start: float) -> None:
        self._parser = parser
        self._sink = sink
        self._open: Record | None = None
        self.last = start

    def feed(self, lines: Iterable[str], *, step: float = 0.0) -> float | None:
        """Take whole lines without gaps, oldest first; return the first moment among them. `close` ends the last.

        Args:
            lines: The lines.
            step: Seconds between two lines, for a log that has no moments.
        """
        first: float | None = None
        parse, moment = self._parser.parse, self._sink.line
        for text in lines:
            if not text:
                continue
            line = parse(text)
            if line.at is not None:
                self.last = line.at
            elif step:
                self.last += step
            if first is None and (line.at is not None or step):
                first = self.last
            moment(self.last)
            self._take(line)
        return first

    def _take(self, line: Line) -> None:
        if line.invalid_json:
            self._sink.invalid()
        if line.request is not None:
            self.close()
            self._sink.request(self.last, line.request)
            if line.span is not None:
                self._sink.span(self.last, line.span)
            if line.trace:
                self._open = Record(self.last, max(line.level, Level.ERROR), line.message, line.trace)
            return
        headless = line.at is None and line.level is Level.NONE and not line.trace
        record = self._open
        if line.continues or headless:
            if tracebacks.is_start(line.message):
                # Chained tracebacks and that of a logged error belong to the record; others are news.
                if record is None or not (record.in_trace or record.level >= Level.WARNING):
                    self.close()
                    record = self._open = Record(self.last, Level.ERROR, "")
                record.in_trace = True
            if record is not None and (line.continues or record.in_trace or record.level >= Level.WARNING):
                if len(record.folded) < MOST_FOLDED_LINES:
                    record.folded.append(line.message)
                return
            if line.continues:
                return
        self.close()
        if line.span is not None:
            self._sink.span(self.last, line.span)
            if line.level < Level.WARNING and not line.trace:
                return  # its numbers say all that it has to say
        self._open = Record(self.last, line.level, line.message, line.trace)
        if not line.trace and line.message.endswith(_TRACE):
            # The message is the traceback: uvicorn says so why an application did not start.
            self._open = Record(self.last, line.level, line.message.removesuffix(_TRACE).strip())
            self._open.folded.append(_TRACE)
            self._open.in_trace = True

    def close(self) -> None:
        """Hand over the last record: no further line belongs to it."""
        record, self._open = self._open, None
        if record is not None:
            self._sink.record(record)


def said_by(record: Record) -> Said:
    """Return what a record with a traceback says."""
    text = "\n".join(record.trace_lines())
    parsed = tracebacks.parse(text)
    level = record.level if record.level >= Level.WARNING else Level.ERROR
    if parsed is None:  # cut off
        return Said(level, record.message or text[:200], "", "", "", text)
    said = f"{parsed.exception}: {parsed.message}" if parsed.message else parsed.exception
    headline = record.message.partition("\n")[0]
    if not headline or said in headline:
        shown = headline or said
    else:  # a message that repeats the exception's need not be read twice
        repeats = parsed.message and parsed.message in headline
        shown = f"{headline} ({parsed.exception})" if repeats else f"{headline} {said}"
    example = shorten_middle(f"{shown}\n{text}")
    return Said(level, shown, parsed.exception, parsed.sqlstate, parsed.frame, example)


def shorten_middle(text: str) -> str:
    """Return the text with its middle left out when it is long: a traceback speaks at both ends."""
    if len(text) <= _EXAMPLE_HEAD + _EXAMPLE_TAIL:
        return text
    return f"{text[:_EXAMPLE_HEAD]}\n…\n{text[-_EXAMPLE_TAIL:]}"
