"""Records -> counts (pure): messages grouped, requests and timed events kept as numbers."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field

from diagnostics.system_monitor.probes import tracebacks
from diagnostics.system_monitor.probes.log_lines import Level, LineParser, Request, Span
from diagnostics.system_monitor.probes.log_records import Folder, Record, said_by, shorten_middle
from diagnostics.system_monitor.probes.log_templates import Collector, Template, path_template

MOST_PATHS = 5_000
MOST_SPANS = 500


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


class Digest:
    """Everything that is kept of a log."""

    def __init__(self, parser: LineParser, *, start: float) -> None:
        self._folder = Folder(parser, self, start=start)
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
        self.line = self.lines.append  # called for each line: an attribute, not a method

    def feed(self, lines: Iterable[str], *, step: float = 0.0) -> None:
        """Take whole lines without gaps, oldest first.

        Args:
            lines: The lines.
            step: Seconds between two lines, for a log that has no moments.
        """
        first = self._folder.feed(lines, step=step)
        self._folder.close()
        if first is not None:
            last = self._folder.last
            self.covered.append((min(first, last), max(first, last)))

    def invalid(self) -> None:
        """Count a line that begins like JSON and is none."""
        self.invalid_json += 1

    def record(self, record: Record) -> None:
        """Count a message under its template."""
        if record.has_trace:
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

    def _traced(self, record: Record) -> Template:
        key = record.trace_key()
        template = self._traces.get(key)
        if template is None:
            said = said_by(record)
            template = self.collected.learn(
                said.level,
                said.text,
                exception=said.exception,
                sqlstate=said.sqlstate,
                frame=said.frame,
                example=said.example,
                remember=False,
            )
            if len(self._traces) < MOST_PATHS:
                self._traces[key] = template
        return template

    def request(self, at: float, request: Request) -> None:
        """Keep an answered request."""
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
        table.moments.append(at)
        table.seconds.append(math.nan if request.seconds is None else request.seconds)
        table.statuses.append(request.status)
        table.paths.append(index)

    def span(self, at: float, span: Span) -> None:
        """Keep a timed event."""
        spans = self.spans.get(span.name)
        if spans is None:
            if len(self.spans) >= MOST_SPANS:
                return
            spans = self.spans[span.name] = Spans()
        spans.moments.append(at)
        spans.seconds.append(span.seconds)
        if span.failed:
            spans.failed.append(at)
