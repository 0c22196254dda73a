"""Logs: errors and their onset, templates, known texts, requests and spans, recent against before."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from diagnostics.log_templates import MOST_WORDS, OTHER, OTHER_TEXT, render, shape
from diagnostics.model.observation import FailureKind, Observation, Reading, Unit
from diagnostics.runtime.clock import Clock
from diagnostics.system_monitor.probes import log_tail
from diagnostics.system_monitor.probes.log_digest import Digest, Requests
from diagnostics.system_monitor.probes.log_lines import Level, LineParser
from diagnostics.system_monitor.probes.log_templates import Family, Template
from diagnostics.system_monitor.probes.log_windows import Windows, error_onset, slowdown_onset, windows
from diagnostics.system_monitor.probes.notes import Notes, clean
from diagnostics.system_monitor.probes.traffic import shifts

ClassifyLine = Callable[[str], Sequence[tuple[str, float]]]

MOST_TROUBLE, MOST_NEW, MOST_PAST = 40, 10, 10
MOST_PATHS = 15
MOST_SPANS = 30
MOST_CLASSIFIED_QUIET = 300
_FEWEST_FOR_A_PERCENTILE = 5
_UNTIMED_STEP = 0.1
"""A log without moments is read as if it grew by ten lines a second: its last 600 lines are recent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogProbe:
    """Reads the end of each log.

    Attributes:
        paths: The logs.
        classify_line: Text of a record -> mechanisms it speaks for, with weights; called once per template.
        tail_bytes: Memory for the tails of all logs together.
    """

    paths: tuple[str, ...]
    classify_line: ClassifyLine | None = None
    tail_bytes: int = log_tail.TAIL_BYTES
    name: str = "log"

    @property
    def deadline_seconds(self) -> float:
        return 12.0

    def observe(self, clock: Clock) -> Iterable[Observation]:
        """Yield the readings of section Logs, log by log."""
        share = max(1 << 20, self.tail_bytes // max(1, len(self.paths)))
        for path in self.paths:
            notes = Notes(clock.now(), f"tail of {path}", (("file", str(path)),))
            try:
                digest, tail = read_log(Path(path), share)
            except log_tail.UnreadableLogError as error:
                yield notes.failure("log", FailureKind.UNSUPPORTED, error.args[0], error.hint)
            except FileNotFoundError:
                hint = "Check the path, or give the log of the running service."
                yield notes.failure("log", FailureKind.NOT_FOUND, f"{path} does not exist.", hint)
            except PermissionError:
                hint = "Run diagnose as a user who may read it (group adm, or root)."
                yield notes.failure("log", FailureKind.FORBIDDEN, f"{path} is not ours to read.", hint)
            except IsADirectoryError:
                hint = f"Give one of the files in it: --log {path}/…"
                yield notes.failure("log", FailureKind.UNSUPPORTED, f"{path} is a folder.", hint)
            except OSError as error:
                yield notes.failure("log", FailureKind.ERROR, f"{path} cannot be read: {error.strerror or error}")
            else:
                yield from log_readings(digest, notes, modified=tail.modified, classify_line=self.classify_line)


def read_log(path: Path, tail_bytes: int = log_tail.TAIL_BYTES) -> tuple[Digest, log_tail.Tail]:
    """Return what the end of a log says.

    Raises:
        OSError: It cannot be opened or read.
        UnreadableLogError: It is not a text file.
    """
    modified = os.stat(path).st_mtime  # noqa: PTH116 - only the one number is wanted
    probe = LineParser(reference=modified)
    tail = log_tail.read(path, span_of=lambda lines: span(lines, probe), tail_bytes=tail_bytes)
    zone = zone_of(tail.segments[-1].lines if tail.segments else [], modified)
    digest = Digest(LineParser(zone_seconds=zone, reference=modified), start=modified)
    timed = any(span(segment.lines, probe) is not None for segment in tail.segments)
    if timed:
        for segment in tail.segments:
            digest.feed(segment.lines)
    else:
        lines = [line for segment in tail.segments for line in segment.lines if line]
        digest = Digest(LineParser(reference=modified), start=modified - len(lines) * _UNTIMED_STEP)
        digest.feed(lines, step=_UNTIMED_STEP)
    return digest, tail


def span(lines: Sequence[str], parser: LineParser) -> tuple[float, float] | None:
    """Return the first and the last moment in some lines; None when there is none near their ends."""
    first = next((at for line in lines[:500] if line and (at := parser.parse(line).at) is not None), None)
    last = next((at for line in reversed(lines[-500:]) if line and (at := parser.parse(line).at) is not None), None)
    return None if first is None or last is None else (first, last)


def zone_of(lines: Sequence[str], modified: float) -> float:
    """Return the offset of moments without a zone: local time or UTC, whichever fits the file's time."""
    local = datetime.fromtimestamp(modified, UTC).astimezone().utcoffset()
    candidates = [local.total_seconds() if local is not None else 0.0, 0.0]
    if candidates[0] == 0.0:
        return 0.0

    def distance(zone: float) -> float:
        found = span(lines[-500:], LineParser(zone_seconds=zone, reference=modified))
        return abs(found[1] - modified) if found else 0.0

    return min(candidates, key=distance)


def log_readings(
    digest: Digest, notes: Notes, *, modified: float, classify_line: ClassifyLine | None = None
) -> Iterator[Reading]:
    """Yield what a log says, as readings."""
    now = notes.at.timestamp()
    last = min(max(digest.lines), now) if digest.lines else modified
    yield notes.reading("log.last_line_age", max(0.0, now - last), Unit.SECONDS)
    if digest.invalid_json:
        yield notes.reading("log.invalid_json", digest.invalid_json, Unit.COUNT)
    if not digest.lines:
        return
    oldest = min(start for start, _ in digest.covered) if digest.covered else last
    yield notes.reading("log.history", max(0.0, last - oldest), Unit.SECONDS)
    step = clock_step(digest.lines)
    if step is not None:
        yield notes.reading("log.clock_step", step, Unit.SECONDS)
    requests = digest.requests
    failures = [at for at, status in zip(requests.moments, requests.statuses, strict=True) if status >= 500]
    began = error_onset([*digest.errors, *failures], digest.covered)
    slower = slowdown_onset(requests.moments, requests.seconds)
    refusals = [at for at, status in zip(requests.moments, requests.statuses, strict=True) if is_refusal(status)]
    refused = error_onset(refusals, digest.covered)
    for kind, onset in (("errors", began), ("latency", slower), ("refusals", refused)):
        if onset is not None and now - last <= 3600.0:
            yield notes.reading("log.onset", onset, Unit.TIMESTAMP, kind=kind)
    earliest = min((onset for onset in (began, slower, refused) if onset is not None), default=None)
    frame = windows(last=last, now=now, covered=digest.covered, onset=earliest)
    yield notes.reading("log.window", frame.recent_seconds, Unit.SECONDS, window="recent")
    yield notes.reading("log.window", frame.before_seconds, Unit.SECONDS, window="before")
    yield from _counts("log.lines", digest.lines, frame, notes)
    yield from _counts("log.errors", digest.errors, frame, notes)
    yield from _request_readings(requests, frame, notes)
    yield from _span_readings(digest, frame, notes)
    yield from _template_readings(digest, frame, notes)
    if classify_line is not None:
        yield from _signature_readings(digest, frame, classify_line, notes)


#: A page that is not there and a conflict are answers that users bring about; scanners live on the first.
_ORDINARY_REFUSALS = frozenset({404, 405, 409, 410, 412, 416, 499})


#: Threads and processes that share a log write a little out of order.
_OUT_OF_ORDER_SECONDS = 5.0
_STAYS_LINES = 10


def clock_step(moments: Sequence[float]) -> float | None:
    """Return by how much the moments of a log, in the order of its lines, jump back and stay back; None if never."""
    biggest = None
    for index in range(1, len(moments) - _STAYS_LINES + 1):
        step = moments[index] - moments[index - 1]
        if step < -_OUT_OF_ORDER_SECONDS and (biggest is None or step < biggest):
            after = moments[index : index + _STAYS_LINES]
            if max(after) < moments[index - 1] - _OUT_OF_ORDER_SECONDS:
                biggest = step
    return biggest


def is_refusal(status: int) -> bool:
    """Whether a status says that we did not want a request that was meant well: 400, 401, 403 or 422."""
    return 400 <= status < 500 and status not in _ORDINARY_REFUSALS


def _counts(name: str, moments: Iterable[float], frame: Windows, notes: Notes) -> Iterator[Reading]:
    recent, before = _count(moments, frame)
    yield notes.reading(name, recent, Unit.COUNT, window="recent")
    if frame.before_seconds:
        yield notes.reading(name, before * frame.scale, Unit.COUNT, window="before")


def _count(moments: Iterable[float], frame: Windows) -> tuple[int, int]:
    (start, end), (begin, until) = frame.recent, frame.before
    recent = before = 0
    for at in moments:
        if start < at <= end:
            recent += 1
        elif begin <= at <= until:
            before += 1
    return recent, before


def _request_readings(requests: Requests, frame: Windows, notes: Notes) -> Iterator[Reading]:
    if not requests.moments:
        return
    rows = list(zip(requests.moments, requests.statuses, requests.seconds, requests.paths, strict=True))
    by_window = {
        "recent": [row for row in rows if frame.is_recent(row[0])],
        "before": [row for row in rows if frame.was_before(row[0]) and not frame.is_recent(row[0])],
    }
    for window, seen in by_window.items():
        if window == "before" and not frame.before_seconds:
            continue
        scale = 1.0 if window == "recent" else frame.scale
        server = sum(1 for row in seen if row[1] >= 500)
        client = sum(1 for row in seen if 400 <= row[1] < 500)
        yield notes.reading("log.access.requests", len(seen) * scale, Unit.COUNT, window=window)
        yield notes.reading("log.access.errors", server * scale, Unit.COUNT, window=window)
        yield notes.reading("log.access.client_errors", client * scale, Unit.COUNT, window=window)
        times = sorted(row[2] for row in seen if not math.isnan(row[2]))
        if len(times) >= _FEWEST_FOR_A_PERCENTILE:
            yield notes.reading("log.access.p50", quantile(times, 0.5), Unit.SECONDS, window=window)
            yield notes.reading("log.access.p95", quantile(times, 0.95), Unit.SECONDS, window=window)
        by_path: dict[int, list[float]] = {}
        for row in seen:
            if not math.isnan(row[2]):
                by_path.setdefault(row[3], []).append(row[2])
        for path, found in sorted(by_path.items(), key=lambda entry: -len(entry[1]))[:MOST_PATHS]:
            if len(found) >= _FEWEST_FOR_A_PERCENTILE:
                shown = clean(requests.names[path], 120)
                p95 = quantile(sorted(found), 0.95)
                yield notes.reading("log.access.path_p95", p95, Unit.SECONDS, path=shown, window=window)
    failed: dict[tuple[int, int], int] = {}
    for row in by_window["recent"]:
        if row[1] >= 500:
            failed[row[3], row[1]] = failed.get((row[3], row[1]), 0) + 1
    for (path, status), count in sorted(failed.items(), key=lambda entry: -entry[1])[:MOST_PATHS]:
        shown = clean(requests.names[path], 120)
        yield notes.reading("log.access.path_errors", count, Unit.COUNT, path=shown, status=status)
    yield from _refusals(requests, by_window, notes)
    yield from _traffic(requests, by_window, frame, notes)


def _traffic(
    requests: Requests, by_window: Mapping[str, list[tuple[float, int, float, int]]], frame: Windows, notes: Notes
) -> Iterator[Reading]:
    """Yield paths whose share of the requests, and all requests whose rate, is another than before the window."""
    counts = {window: Counter(requests.names[row[3]] for row in by_window[window]) for window in ("before", "recent")}
    for shift in shifts(counts["before"], counts["recent"], frame.before_seconds, frame.recent_seconds):
        share = f"{100 * shift.share_before:.0f} % became {100 * shift.share:.0f} % of all"
        yield notes.reading(
            "change.traffic",
            frame.recent_seconds,
            Unit.SECONDS,
            path=clean(shift.path, 120) or "of all paths",
            share=f"{shift.share:.3f}",
            share_before=f"{shift.share_before:.3f}",
            rate_ratio=f"{shift.rate_ratio:.2f}",
            said=share if shift.path else f"{shift.rate_ratio:.1f} times as many as before",
        )


def _refusals(
    requests: Requests, by_window: Mapping[str, list[tuple[float, int, float, int]]], notes: Notes
) -> Iterator[Reading]:
    """Yield how many requests of a path were refused (401, 403, 400, 422, …), and how it was before."""
    by_path: dict[int, dict[str, list[int]]] = {}
    for window, seen in by_window.items():
        for row in sorted(seen, key=lambda row: row[0]):
            by_path.setdefault(row[3], {"recent": [], "before": []})[window].append(row[1])
    refused = [(path, statuses) for path, statuses in by_path.items() if any(map(is_refusal, statuses["recent"]))]
    refused.sort(key=lambda entry: -sum(map(is_refusal, entry[1]["recent"])))
    for path, statuses in refused[:MOST_PATHS]:
        recent, before = statuses["recent"], statuses["before"]
        if not before:  # a short log: what came until the first refusal is all that is known of before
            first = next(index for index, status in enumerate(recent) if is_refusal(status))
            recent, before = recent[first:], recent[:first]
        yield notes.reading(
            "log.access.path_refused",
            sum(map(is_refusal, recent)),
            Unit.COUNT,
            path=clean(requests.names[path], 120),
            status=Counter(filter(is_refusal, recent)).most_common(1)[0][0],
            requests=len(recent),
            before=sum(map(is_refusal, before)),
            before_requests=len(before),
        )


def _span_readings(digest: Digest, frame: Windows, notes: Notes) -> Iterator[Reading]:
    for name, spans in sorted(digest.spans.items(), key=lambda entry: -len(entry[1].moments))[:MOST_SPANS]:
        shown = clean(name, 120)
        failed = _count(spans.failed, frame)
        for index, window in enumerate(("recent", "before")):
            inside = frame.is_recent if index == 0 else frame.was_before
            times = sorted(s for at, s in zip(spans.moments, spans.seconds, strict=True) if inside(at))
            if not times:
                continue
            scale = 1.0 if index == 0 else frame.scale
            yield notes.reading("log.span.count", len(times) * scale, Unit.COUNT, name=shown, window=window)
            yield notes.reading("log.span.errors", failed[index] * scale, Unit.COUNT, name=shown, window=window)
            yield notes.reading("log.span.p95", quantile(times, 0.95), Unit.SECONDS, name=shown, window=window)


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which ``share`` of the ordered values lie, interpolated linearly."""
    place = (len(ordered) - 1) * share
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _template_readings(digest: Digest, frame: Windows, notes: Notes) -> Iterator[Reading]:
    counted = [kind for family in digest.collected.families() for kind in _kinds(family, frame)]
    trouble = [kind for kind in counted if kind.level >= Level.WARNING and kind.recent]
    trouble.sort(key=lambda kind: (-kind.level, -kind.recent))
    known_past = frame.before_seconds >= frame.recent_seconds / 2
    new = [kind for kind in counted if kind.level < Level.WARNING and kind.recent and not kind.before and known_past]
    new.sort(key=lambda kind: -kind.recent)
    past = [kind for kind in counted if kind.level >= Level.ERROR and not kind.recent]
    past.sort(key=lambda kind: -kind.last)
    for kind in [*trouble[:MOST_TROUBLE], *new[:MOST_NEW], *past[:MOST_PAST]]:
        shown = kind.members[0]
        yield notes.reading(
            "log.template",
            kind.recent,
            Unit.COUNT,
            template=clean(kind.text),
            level=shown.level.name if shown.level else "",
            exception=clean(shown.exception, 120),
            sqlstate=shown.sqlstate,
            frame=clean(shown.frame, 200),
            example=clean(headline(shown)),
            **_when((kind.first, kind.last), kind.before, frame),
        )


@dataclass(frozen=True, slots=True)
class _Kind:
    """Templates that are told as one, and how often they were seen in each window."""

    text: str
    members: Sequence[Template]
    recent: int
    before: int

    @property
    def level(self) -> Level:
        return self.members[0].level

    @property
    def first(self) -> float:
        return min(min(template.moments) for template in self.members)

    @property
    def last(self) -> float:
        return max(max(template.moments) for template in self.members)


def _kinds(family: Family, frame: Windows) -> Iterator[_Kind]:
    """Yield a family whole where enough of it was seen before that another word is no news; else the news apart."""
    counted = [(template, *_count(template.moments, frame)) for template in family.members]
    new = [entry for entry in counted if entry[1] and not entry[2]]
    old = [entry for entry in counted if not (entry[1] and not entry[2])]
    parts = [counted] if not new or sum(1 for entry in old if entry[2]) >= MOST_WORDS else [new, old]
    for part in parts:
        if part:
            recent, before = sum(entry[1] for entry in part), sum(entry[2] for entry in part)
            text = family.text if len(part) > 1 else _text_of(part[0][0])
            yield _Kind(text, [entry[0] for entry in part], recent, before)


def _text_of(template: Template) -> str:
    return OTHER_TEXT if template.number == OTHER else render(shape(template.message), template.message)


def _when(moments: Sequence[float], before: int, frame: Windows) -> dict[str, str]:
    """Return the labels of time: counts before are scaled to the length of the recent window."""
    return {
        "first_seen": _iso(min(moments)),
        "last_seen": _iso(max(moments)),
        "before": f"{before * frame.scale:.4g}",
        "before_raw": str(before),
        "before_seconds": f"{frame.before_seconds:.0f}",
    }


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def headline(template: Template) -> str:
    """Return what a person reads first: the message, and the exception with its message."""
    return template.example.partition("\n")[0]


def _signature_readings(digest: Digest, frame: Windows, classify_line: ClassifyLine, notes: Notes) -> Iterator[Reading]:
    """Yield one reading for each mechanism: texts that say the same are one kind of evidence, not many."""
    quiet = 0
    found: dict[str, _Spoken] = {}
    for template in digest.collected.templates.values():
        if template.level < Level.WARNING:
            quiet += 1
            if quiet > MOST_CLASSIFIED_QUIET:
                continue
        recent, before = _count(template.moments, frame)
        for mechanism, weight in classify_line(template.example):
            spoken = found.setdefault(mechanism, _Spoken())
            spoken.take(template, weight, recent, before)
    for mechanism, spoken in sorted(found.items()):
        yield notes.reading(
            "log.signature",
            spoken.recent,
            Unit.COUNT,
            mechanism=mechanism,
            weight=f"{spoken.weight:g}",
            text=clean(spoken.text),
            **_when((spoken.first, spoken.last), spoken.before, frame),
        )


class _Spoken:
    """What the templates of a log say for one mechanism."""

    __slots__ = ("_rank", "before", "first", "last", "recent", "text", "weight")

    def __init__(self) -> None:
        self.recent = self.before = 0
        self.weight = 0.0
        self.text = ""
        self.first, self.last = math.inf, -math.inf
        self._rank = (-1, 0.0, 0)

    def take(self, template: Template, weight: float, recent: int, before: int) -> None:
        self.recent += recent
        self.before += before
        self.first = min(self.first, *template.moments)
        self.last = max(self.last, *template.moments)
        rank = (1 if recent else 0, weight, recent)
        if rank > self._rank:  # the weight and the words of the strongest text that is still being written
            self._rank, self.weight, self.text = rank, weight, headline(template)
