"""The journal: an append-only file of checksummed records; the page docs/reference/journal.md describes it.

Parsing is pure; ``Journal`` is the rim.
"""

from __future__ import annotations

import json
import os
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diagnostics.errors import JournalError
from diagnostics.model.change import ChangeState
from diagnostics.runtime.files import open_private, sync_directory

FORMAT = 1
SUFFIX = ".journal"
_HEADER = re.compile(rb"([0-9a-f]{8}) ([0-9a-f]{8}) ")
#: The beginning of a record. Within JSON text a quotation mark is escaped, so this stands nowhere else.
_BEGINNING = re.compile(rb'[0-9a-f]{8} [0-9a-f]{8} \{"seq":')
_HEADER_LENGTH = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What a journal file holds.

    Attributes:
        records: The whole records, in order.
        good_length: Bytes that they take; what follows is a torn last record.
        damage: Why the journal is corrupt; empty when it is not. Then nothing may be touched.
    """

    records: tuple[Mapping[str, Any], ...]
    good_length: int
    damage: str = ""


def encode(seq: int, fields: Mapping[str, Any]) -> bytes:
    """Return one record: length, CRC-32 of the length and the payload, payload, newline."""
    payload = json.dumps({"seq": seq, **fields}, ensure_ascii=True, separators=(",", ":"), sort_keys=False).encode()
    length = b"%08x" % len(payload)
    return length + b" %08x " % zlib.crc32(length + payload) + payload + b"\n"


def parse(data: bytes) -> Parsed:
    """Return the records of a journal; a damaged last record is dropped, damage before it makes it corrupt."""
    records: list[Mapping[str, Any]] = []
    position = 0
    while position < len(data):
        found = _record(data, position)
        if found is None or found[0].get("seq") != len(records):
            break
        record, position = found
        records.append(record)
    if position < len(data) and _BEGINNING.search(data, position + 1):
        return Parsed(
            records=tuple(records),
            good_length=position,
            damage=f"record {len(records)} at byte {position} is damaged, and records follow it",
        )
    return Parsed(records=tuple(records), good_length=position)


def _record(data: bytes, position: int) -> tuple[dict[str, Any], int] | None:
    header = _HEADER.match(data, position)
    if header is None:
        return None
    start = position + _HEADER_LENGTH
    end = start + int(header[1], 16)
    if data[end : end + 1] != b"\n" or zlib.crc32(header[1] + data[start:end]) != int(header[2], 16):
        return None
    try:
        value = json.loads(data[start:end])
    except ValueError:
        return None
    return (value, end + 1) if isinstance(value, dict) else None


class Journal:
    """One change's journal, open for appending."""

    def __init__(self, path: Path, descriptor: int, next_seq: int, checkpoint: Callable[[str], None]) -> None:
        self.path = path
        self._descriptor = descriptor
        self._next_seq = next_seq
        self._checkpoint = checkpoint
        self._broken = False

    @staticmethod
    @contextmanager
    def create(path: Path, intent: Mapping[str, Any], checkpoint: Callable[[str], None]) -> Iterator[Journal]:
        """Create a journal whose first record is the intent; the file appears under its name complete and durable.

        Raises:
            JournalError: It cannot be written.
        """
        temporary = path.with_name(path.name + ".tmp")
        try:
            checkpoint("journal create: before")
            with open_private(temporary) as file:
                file.write(encode(0, {"state": ChangeState.INTENT, "format": FORMAT, **intent}))
                file.flush()
                checkpoint("journal create: written")
                os.fsync(file.fileno())
            checkpoint("journal create: synced")
            temporary.rename(path)
            checkpoint("journal create: renamed")
            sync_directory(path.parent)
            checkpoint("journal create: durable")
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise JournalError(f"The journal {path} cannot be created: {error.strerror}.", hint=_SPACE_HINT) from error
        try:
            yield Journal(path, descriptor, 1, checkpoint)
        finally:
            os.close(descriptor)

    @staticmethod
    @contextmanager
    def reopen(path: Path, parsed: Parsed, checkpoint: Callable[[str], None]) -> Iterator[Journal]:
        """Open an existing journal for appending, after a torn last record was cut off.

        Raises:
            JournalError: It is corrupt, or cannot be opened.
        """
        if parsed.damage:
            raise JournalError(f"The journal {path} is corrupt: {parsed.damage}. Nothing was touched.")
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        except OSError as error:
            raise JournalError(f"The journal {path} cannot be opened: {error.strerror}.") from error
        try:
            if os.fstat(descriptor).st_size > parsed.good_length:
                os.ftruncate(descriptor, parsed.good_length)
                os.fsync(descriptor)
                checkpoint("journal: torn tail cut")
            yield Journal(path, descriptor, len(parsed.records), checkpoint)
        finally:
            os.close(descriptor)

    def append(self, state: ChangeState, /, **fields: Any) -> None:
        """Write one record and make it durable before returning.

        Raises:
            JournalError: It could not be written; the journal takes no more records through this descriptor.
        """
        if self._broken:
            raise JournalError(f"The journal {self.path} failed before and takes no more records.")
        record = encode(self._next_seq, {"state": state, **fields})
        self._checkpoint(f"journal {state}: before")
        size = os.fstat(self._descriptor).st_size
        try:
            written = 0
            while written < len(record):
                written += os.write(self._descriptor, record[written:])
            self._checkpoint(f"journal {state}: written")
            os.fsync(self._descriptor)
        except OSError as error:
            # An fsync error counts as a crash; never retry on the same descriptor. A torn record is cut off
            # so that
            # a later writer does not append behind it.
            self._broken = True
            try:
                os.ftruncate(self._descriptor, size)
            except OSError:
                pass
            raise JournalError(
                f"The journal {self.path} cannot be written: {error.strerror}.", hint=_SPACE_HINT
            ) from error
        self._next_seq += 1
        self._checkpoint(f"journal {state}: durable")


_SPACE_HINT = "Check free space, permissions and whether the file system is mounted read-only."


def read(path: Path) -> Parsed:
    """Return what a journal file holds.

    Raises:
        JournalError: It cannot be read.
    """
    try:
        return parse(path.read_bytes())
    except OSError as error:
        raise JournalError(f"The journal {path} cannot be read: {error.strerror}.") from error
