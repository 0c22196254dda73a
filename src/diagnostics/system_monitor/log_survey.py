"""Whole logs of any length -> their templates, and what of it changed at the onset; in bounded memory."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast

from diagnostics.log_templates.changes import Change, Counts, compare
from diagnostics.stats.changepoint import step_in_rate
from diagnostics.system_monitor.probes import log_tail
from diagnostics.system_monitor.probes.log_kinds import ERRORS, Kinds, LogKind
from diagnostics.system_monitor.probes.log_lines import LineParser
from diagnostics.system_monitor.probes.log_records import Folder
from diagnostics.system_monitor.probes.log_windows import error_onset
from diagnostics.system_monitor.probes.logs import span, zone_of
from diagnostics.system_monitor.probes.notes import clean

_CHUNK = 1 << 20
_LOOK_AHEAD_LINES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyedTemplate:
    """One kind of message; all text is redacted.

    Attributes:
        text: The message with ``<*>``, ``<number>``, … where it varies.
        level: The most serious one that was seen, or empty.
        example: First line of the first message.
        count: Messages.
        before: Of these, how many before the onset; all of them where there is none.
        after: How many since.
        change: How its rate changed; None without an onset.
    """

    text: str
    level: str
    example: str
    count: int
    before: int
    after: int
    first_seen: datetime
    last_seen: datetime
    change: Change | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSurvey:
    """What logs hold.

    Attributes:
        lines: Lines that were read.
        records: Messages, with the lines that belong to each.
        start: Moment of the first message; None without any.
        timed: Whether lines have moments; else one line stands for one second from 1970 on.
        onset: When it began: as it was given, or the step in the rate of errors; None where there is neither.
        onset_given: The onset was given, not found.
        onset_within_seconds: How exactly the onset is known.
        templates: Most frequent first.
        tests: How many templates were compared; the adjusted p-values heed it.
    """

    files: tuple[str, ...]
    lines: int
    records: int
    bytes_read: int
    invalid_json: int
    timed: bool
    start: datetime | None
    end: datetime | None
    onset: datetime | None
    onset_given: bool
    onset_within_seconds: float
    before_seconds: float
    after_seconds: float
    templates: tuple[SurveyedTemplate, ...]
    tests: int


def survey_logs(paths: Sequence[str | Path], *, onset: datetime | None = None) -> LogSurvey:
    """Return the templates of some logs and, where there is an onset, what changed with it.

    Files are read once from end to end, also compressed ones (``.gz``); formats may be mixed. About 140,000 lines a
    second and 60 MB, whatever the length.

    Args:
        paths: Logs of one system, in any order.
        onset: Aware moment at which the trouble began; the step in the rate of errors when not given.

    Raises:
        OSError: A file cannot be opened or read.
        UnreadableLogError: A file is not text.
        ValueError: The onset has no time zone.
    """
    if onset is not None and onset.tzinfo is None:
        raise ValueError(f"an onset has a time zone, got {onset.isoformat()}; give it as 2026-11-25T07:30:00Z")
    kinds = Kinds(onset.timestamp() if onset is not None else None)
    count, timed = 0, False
    for path in map(Path, paths):
        read, has_moments = _read(path, kinds)
        count, timed = count + read, timed or has_moments
    return _result(tuple(map(str, paths)), kinds, count, onset, timed=timed)


def _read(path: Path, kinds: Kinds) -> tuple[int, bool]:
    """Feed a whole file; return its bytes and whether its lines have moments."""
    modified = path.stat().st_mtime
    count = 0
    folder: Folder | None = None
    step, timed = 0.0, True
    for size, lines in _chunks(path):
        if folder is None:
            zone = 0.0 if _is_gzip(path) else zone_of(log_tail.read_end(path, _CHUNK // 16).lines, modified)
            parser = LineParser(zone_seconds=zone, reference=modified)
            first = span(lines[:_LOOK_AHEAD_LINES], parser)
            timed, step = first is not None, 0.0 if first is not None else 1.0
            folder = Folder(parser, kinds, start=first[0] if first is not None else float(kinds.lines))
        folder.feed(lines, step=step)
        count += size
    if folder is not None:
        folder.close()
    return count, timed and folder is not None


def _is_gzip(path: Path) -> bool:
    return path.suffix == ".gz"


def _chunks(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the bytes that were read and the whole lines among them; a line without end is cut."""
    rest = b""
    with _opened(path) as file:
        while raw := _next(file, path):
            size = len(raw)
            raw = rest + raw
            end = raw.rfind(b"\n")
            if end < 0:
                rest = raw[: log_tail.MOST_LINE_CHARACTERS]
                yield size, []
                continue
            rest = raw[end + 1 :]
            yield size, _lines(raw[:end], path)
    if rest:
        yield 0, _lines(rest, path)


def _next(file: BinaryIO, path: Path) -> bytes:
    try:
        return file.read(_CHUNK)
    except EOFError:
        return b""  # compressed, and still being written
    except (zlib.error, gzip.BadGzipFile) as error:
        raise log_tail.UnreadableLogError(f"{path} is damaged: {error}.", hint="Give the uncompressed log.") from error


def _opened(path: Path) -> BinaryIO:
    if path.is_dir():
        raise IsADirectoryError(21, "is a folder", str(path))
    if _is_gzip(path):
        return cast(BinaryIO, io.BufferedReader(gzip.open(path)))
    return path.open("rb")


def _lines(raw: bytes, path: Path) -> list[str]:
    most = log_tail.MOST_LINE_CHARACTERS
    return [line if len(line) <= most else line[:most] for line in log_tail.decode(raw, path).split("\n")]


def _result(files: tuple[str, ...], kinds: Kinds, count: int, given: datetime | None, *, timed: bool) -> LogSurvey:
    found, timeline = kinds.found(), kinds.timeline
    if not found:
        return LogSurvey(
            files=files, lines=kinds.lines, records=0, bytes_read=count, invalid_json=kinds.invalid_json, timed=timed,
            start=None, end=None, onset=given, onset_given=given is not None, onset_within_seconds=0.0,
            before_seconds=0.0, after_seconds=0.0, templates=(), tests=0,
        )  # fmt: skip
    onset, within = (given.timestamp(), 0.0) if given is not None else _onset(kinds)
    before_seconds = after_seconds = 0.0
    changes: list[Change | None] = [None] * len(found)
    tests = 0
    within_logs = onset is not None and timeline.first < onset <= timeline.last
    at = timeline.bucket(onset) if onset is not None and within_logs else 0
    counted = [_counts(kind, onset, at, exact=given is not None) for kind in found]
    if onset is not None and within_logs:
        before_seconds = onset - timeline.first
        after_seconds = max(timeline.last - onset, 1.0)
        compared = compare(
            counted, before_seconds=before_seconds, after_seconds=after_seconds, bucket_seconds=timeline.width
        )
        changes, tests = list(compared.changes), compared.tests
    return LogSurvey(
        files=files,
        lines=kinds.lines,
        records=kinds.records,
        bytes_read=count,
        invalid_json=kinds.invalid_json,
        timed=timed,
        start=_moment(timeline.first),
        end=_moment(timeline.last),
        onset=given if given is not None else (_moment(onset) if onset is not None else None),
        onset_given=given is not None,
        onset_within_seconds=within,
        before_seconds=before_seconds,
        after_seconds=after_seconds,
        templates=tuple(
            SurveyedTemplate(
                text=clean(kind.text),
                level=kind.tally.level.name if kind.tally.level else "",
                example=clean(kind.tally.example.partition("\n")[0]),
                count=kind.tally.count,
                before=counts.before,
                after=counts.after,
                first_seen=_moment(kind.tally.first),
                last_seen=_moment(kind.tally.last),
                change=change,
            )
            for kind, counts, change in zip(found, counted, changes, strict=True)
        ),
        tests=tests,
    )


def _counts(kind: LogKind, onset: float | None, at: int, *, exact: bool) -> Counts:
    """Return the counts of a kind; ``at`` is the bucket that the onset lies in, which is counted as after."""
    tally = kind.tally
    if onset is None or tally.last < onset:
        after = 0
    elif tally.first >= onset:
        after = tally.count
    else:
        after = tally.after if exact else sum(kind.series[at:])
    return Counts(before=tally.count - after, after=after, buckets=kind.series[:at])


def _onset(kinds: Kinds) -> tuple[float | None, float]:
    """Return where the rate of errors stepped up, and how exactly that is known."""
    timeline = kinds.timeline
    if not kinds.errors_left_out:
        return error_onset(kinds.errors, [(timeline.first, timeline.last)]), 0.0
    step = step_in_rate(timeline.series(ERRORS))
    if step is None or step.after <= step.before:
        return None, 0.0
    return timeline.begin(step.index), timeline.width * max(1, step.latest - step.earliest)


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
