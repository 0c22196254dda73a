"""Records -> counts of kinds over time (pure): what a log of any length is, in bounded memory."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass

from diagnostics.log_templates import OTHER, OTHER_TEXT, Miner
from diagnostics.log_templates.timeline import Timeline
from diagnostics.system_monitor.probes.log_lines import Level, Request, Span
from diagnostics.system_monitor.probes.log_records import Record, said_by, shorten_middle
from diagnostics.system_monitor.probes.log_templates import path_template

ERRORS = "errors"
MOST_NAMED = 2_000
"""Paths with their status, and names of timed events."""
OTHER_NAMES = "(other requests)"
MOST_TRACES = 5_000
MOST_ERRORS = 200_000
"""Moments of errors that are kept one by one, to find the onset to the second."""
_MESSAGE_CHARACTERS = 500
_ODD_SECONDS = 366 * 86_400.0
_FEWEST_TO_BELIEVE = 10
"""A moment a year off (a clock that was not set, a number that is none) counts only when so many lines say the same."""
_LONGEST_EXAMPLE = 2_000


@dataclass(slots=True)
class Tally:
    """What is known of one kind beside its counts over time."""

    level: Level
    example: str
    first: float
    last: float
    count: int = 0
    after: int = 0


@dataclass(frozen=True, slots=True)
class LogKind:
    """Messages of one template, requests of one path and status, or timed events of one name."""

    text: str
    tally: Tally
    series: list[int]


class Kinds:
    """Takes the records of logs; ``onset`` in unix seconds parts what is counted as after."""

    def __init__(self, onset: float | None = None) -> None:
        self.onset = onset
        self.timeline = Timeline()
        self.lines = self.records = self.invalid_json = 0
        self.errors: array[float] = array("d")
        self.errors_left_out = 0
        self._miner = Miner()
        self._tallies: dict[int | str, Tally] = {}
        self._traces: dict[tuple[Level, str, str], tuple[str, str, Level]] = {}
        self._merged = self._names = self._odd = 0
        self._near = math.nan  # the last moment that fits its neighbours

    def line(self, at: float) -> None:
        """Count a line."""
        self.lines += 1
        if abs(at - self._near) > _ODD_SECONDS:
            self._odd += 1
        else:
            self._odd = 0
        if not 0 < self._odd < _FEWEST_TO_BELIEVE:
            self._near = at

    def invalid(self) -> None:
        """Count a line that begins like JSON and is none."""
        self.invalid_json += 1

    def record(self, record: Record) -> None:
        """Count a message under its kind."""
        text, example, level = record.message, "", record.level
        if record.has_trace:
            key = record.trace_key()
            known = self._traces.get(key)
            if known is None:
                said = said_by(record)
                known = said.text, said.example, said.level
                if len(self._traces) < MOST_TRACES:
                    self._traces[key] = known
            text, example, level = known
        elif record.folded:
            example = "\n".join([text, *record.folded])
        number = self._miner.add(text[:_MESSAGE_CHARACTERS])
        self._count(number, level, example or text, record.at)
        if self._miner.merged_for_good != self._merged:
            self._follow_merges()

    def request(self, at: float, request: Request) -> None:
        """Count a request under its path and status."""
        level = Level.ERROR if request.status >= 500 else Level.INFO
        text = f"{request.method} {path_template(request.path)} {request.status}".strip()
        self._named(text, level, f"{request.method} {request.path} {request.status}", at)

    def span(self, at: float, span: Span) -> None:
        """Count a timed event under its name."""
        self._named(f"{span.name}{' (failed)' if span.failed else ''}", Level.INFO, span.name, at)

    def _named(self, text: str, level: Level, example: str, at: float) -> None:
        if text not in self._tallies:
            if self._names >= MOST_NAMED:
                text = OTHER_NAMES
            else:
                self._names += 1
        self._count(text, level, example, at)

    def _count(self, kind: int | str, level: Level, example: str, at: float) -> None:
        self.records += 1
        at = at if abs(at - self._near) <= _ODD_SECONDS else self._near
        tally = self._tallies.get(kind)
        if tally is None:
            tally = self._tallies[kind] = Tally(level, shorten_middle(example)[:_LONGEST_EXAMPLE], at, at)
        tally.count += 1
        if level > tally.level:
            tally.level = level
        if at > tally.last:
            tally.last = at
        elif at < tally.first:
            tally.first = at
        if self.onset is not None and at >= self.onset:
            tally.after += 1
        if level >= Level.ERROR:
            self.timeline.add(ERRORS, at)
            if len(self.errors) < MOST_ERRORS:
                self.errors.append(at)
            else:
                self.errors_left_out += 1
        self.timeline.add(kind, at)

    def _follow_merges(self) -> None:
        """Count under one kind what the miner merged for good to make room."""
        self._merged = self._miner.merged_for_good
        for kind in [kind for kind in self._tallies if isinstance(kind, int)]:
            heir = self._miner.kept(kind)
            if heir != kind:
                self._join(self._tallies.pop(kind), heir)
                self.timeline.merge(kind, heir)

    def _join(self, tally: Tally, heir: int) -> None:
        into = self._tallies.setdefault(heir, Tally(tally.level, tally.example, tally.first, tally.last))
        into.level = max(into.level, tally.level)
        into.first, into.last = min(into.first, tally.first), max(into.last, tally.last)
        into.count += tally.count
        into.after += tally.after

    def found(self) -> list[LogKind]:
        """Return every kind, most frequent first; templates whose words vary like values are one."""
        kinds: list[LogKind] = []
        for template in self._miner.templates():
            members = [number for number in template.ids if number in self._tallies]
            if members:
                text = OTHER_TEXT if OTHER in template.ids else template.text
                kinds.append(self._together(text, members))
        kinds += [self._together(kind, [kind]) for kind in self._tallies if isinstance(kind, str)]
        return sorted(kinds, key=lambda kind: (-kind.tally.count, kind.text))

    def _together(self, text: str, members: list[int] | list[str]) -> LogKind:
        tallies = [self._tallies[member] for member in members]
        first = min(tallies, key=lambda tally: tally.first)
        joined = Tally(
            max(tally.level for tally in tallies),
            first.example,
            first.first,
            max(tally.last for tally in tallies),
            sum(tally.count for tally in tallies),
            sum(tally.after for tally in tallies),
        )
        series = [sum(counts) for counts in zip(*(self.timeline.series(m) for m in members), strict=True)]
        return LogKind(text, joined, series)
