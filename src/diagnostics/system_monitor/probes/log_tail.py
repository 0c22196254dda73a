"""Read the end of a log in bounded memory: the tail, samples further back, the file before the rotation."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from diagnostics.errors import ProbeError

TAIL_BYTES = 8 << 20
ROTATED_BYTES = 2 << 20
SAMPLE_BYTES = 1 << 20
MOST_LINE_CHARACTERS = 16_384
WANTED_SECONDS = 600.0
"""How far back ``before`` should reach."""
_SAMPLES_AT = (120.0, 300.0, 600.0)
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_CONTROLS = bytes(i for i in range(32) if i not in b"\t\n\r\x1b\x0c\0")
_COMPRESSED = (".gz", ".bz2", ".xz", ".zst", ".zip", ".lz4")


class UnreadableLogError(ProbeError):
    """A log that cannot be read as text."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Whole lines from one place of the log, without gaps."""

    lines: list[str]


@dataclass(frozen=True, slots=True)
class Tail:
    """What was read, oldest first."""

    segments: list[Segment]
    size: int
    modified: float
    bytes_read: int


def read(
    path: Path, *, span_of: Callable[[list[str]], tuple[float, float] | None], tail_bytes: int = TAIL_BYTES
) -> Tail:
    """Return the end of a log.

    Args:
        path: The log.
        span_of: First and last moment in some lines; None when they have none.
        tail_bytes: Memory to spend on the tail; samples and the rotated file add at most 5 MB.

    Raises:
        OSError: It cannot be opened or read.
        UnreadableLogError: It is not a regular file, or not text.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe must not block us
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(f"{path} is a folder")
        if not stat.S_ISREG(status.st_mode):
            hint = "Give a file; what goes to a pipe or a terminal can be written with `| tee FILE`."
            raise UnreadableLogError(f"{path} is not a regular file.", hint=hint)
        size = status.st_size
        start = max(0, size - tail_bytes)
        raw = _read_at(descriptor, start, size - start)
        tail = Segment(_lines(raw, path, cut_first=start > 0))
        segments, count = [tail], len(raw)
        span = span_of(tail.lines)
        covered = span[1] - span[0] if span else 0.0
        if span and start > 0 and covered < WANTED_SECONDS:
            earlier, more = _samples(descriptor, start, len(raw), covered, path)
            segments, count = earlier + segments, count + more
    finally:
        os.close(descriptor)
    if start == 0 and (span is None or covered < WANTED_SECONDS) and (previous := rotated(path)) is not None:
        try:
            older = read_end(previous, ROTATED_BYTES)
        except (OSError, UnreadableLogError):
            older = None  # it only adds to what is known
        if older is not None:
            segments = [older, *segments]
    return Tail(segments, size, status.st_mtime, count)


def read_end(path: Path, most: int) -> Segment:
    """Return the last lines of a file, at most so many bytes."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        start = max(0, size - most)
        return Segment(_lines(_read_at(file.fileno(), start, size - start), path, cut_first=start > 0))


def rotated(path: Path) -> Path | None:
    """Return the uncompressed file that the log was before its last rotation, if it is there."""
    first = path.with_name(path.name + ".1")
    if first.is_file():
        return first
    try:
        siblings = [
            p for p in path.parent.glob(f"{_literal(path.name)}.*") if not p.name.endswith(_COMPRESSED) and p.is_file()
        ]
        return max(siblings, key=lambda p: p.stat().st_mtime, default=None)
    except OSError:
        return None


def _literal(name: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", name)


def _samples(descriptor: int, end: int, length: int, covered: float, path: Path) -> tuple[list[Segment], int]:
    """Return pieces from before the tail, at about two, five and ten minutes before the end."""
    rate = length / max(covered, 0.1)
    places = sorted({max(0, int(end - seconds * rate)) for seconds in _SAMPLES_AT if seconds > covered})
    segments, count, limit = [], 0, end
    for index, place in enumerate(places):
        stop = min(place + SAMPLE_BYTES, places[index + 1] if index + 1 < len(places) else limit)
        if stop - place < 4096:
            continue
        raw = _read_at(descriptor, place, stop - place)
        count += len(raw)
        try:
            segments.append(Segment(_lines(raw, path, cut_first=place > 0, cut_last=True)))
        except UnreadableLogError:
            continue  # a hole in the file; the tail was text
    return segments, count


def _read_at(descriptor: int, start: int, length: int) -> bytes:
    parts, place, left = [], start, length
    while left > 0:
        part = os.pread(descriptor, min(left, 1 << 20), place)
        if not part:
            break  # truncated meanwhile
        parts.append(part)
        place += len(part)
        left -= len(part)
    return b"".join(parts)


def _lines(raw: bytes, path: Path, *, cut_first: bool, cut_last: bool = False) -> list[str]:
    text = decode(raw, path)
    lines = text.split("\n")
    if cut_first and len(lines) > 1:
        del lines[0]
    if lines and (cut_last or not lines[-1] or _is_half(lines[-1])):
        del lines[-1]
    return [line if len(line) <= MOST_LINE_CHARACTERS else line[:MOST_LINE_CHARACTERS] for line in lines]


def _is_half(line: str) -> bool:
    """Return whether this is a JSON line that is still being written."""
    return line.startswith("{") and not line.rstrip().endswith("}")


def decode(raw: bytes, path: Path) -> str:
    """Return the text of a piece of log without colours, carriage returns and the zero bytes of a truncation.

    Raises:
        UnreadableLogError: It is not text.
    """
    data = raw.replace(b"\0", b"") if b"\0" in raw else raw
    hint = "Give the uncompressed text log."
    if raw and not data:
        raise UnreadableLogError(f"The end of {path} holds only zero bytes.", hint="Give the log that is written now.")
    controls = len(data) - len(data.translate(None, _CONTROLS))
    zeros = len(raw) - len(data)
    if controls > len(data) // 50 or (zeros > len(raw) // 10 and not _is_truncated(raw)):
        raise UnreadableLogError(f"{path} is not text.", hint=hint)
    text = data.decode("utf-8", "replace")
    if text.count("\ufffd") > len(text) // 10:
        raise UnreadableLogError(f"{path} is not text in UTF-8.", hint=hint)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\x1b" in text:
        text = _COLOURS.sub("", text)
    return text


def _is_truncated(raw: bytes) -> bool:
    """Return whether the zero bytes are one block at the start: a log that was truncated under its writer."""
    return b"\0" not in raw.lstrip(b"\0")
