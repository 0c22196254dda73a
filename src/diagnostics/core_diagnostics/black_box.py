"""The black box: a ring of the last calls in a file that is mapped into memory, and its reader.

What is stored in a shared mapping belongs to the kernel at once: SIGKILL, a segmentation fault or the out-of-memory
killer do not take it away (a power cut may). One file a process, so that no two write to the same ring.

Format, little-endian: a head of 4,096 bytes (magic, version, process id, slots, nanoseconds of the wall clock and of the
performance counter at the same moment, random half of our ids), 64 KiB of names as lines, and slots of 64 bytes:
sequence number (0: empty), begin, end (performance counter), number of the name, kind, id as 32 bytes.
"""

from __future__ import annotations

import itertools
import mmap
import os
import struct
import threading
from pathlib import Path
from time import perf_counter_ns, time_ns
from typing import TYPE_CHECKING, Any

from diagnostics.core_diagnostics import correlation, encoding
from diagnostics.core_diagnostics.correlation import correlation_id_of

if TYPE_CHECKING:
    from diagnostics.core_diagnostics.recorder import Event, Site

MAGIC = b"DIAGBOX1"
SLOTS = 16_384  # 1 MiB
_HEAD = struct.Struct("<8sIIIIqq16s")
_SLOT = struct.Struct("<qqqII32s")
_NAMES_AT, _SLOTS_AT = 4096, 4096 + 65_536
#: How many files of processes that have gone are kept beside the present one.
KEPT = 16
KINDS = ("ok", "error", "cancelled", "closed", "exit", "message")


class BlackBox:
    """A ring of this process's last calls below a folder.

    Args:
        folder: Where the files are (made when missing); ``<pid>.box`` is this process's.
        slots: How many calls are kept; a power of two.

    Raises:
        OSError: The file cannot be made.
    """

    def __init__(self, folder: str | Path, *, slots: int = SLOTS) -> None:
        self.folder = Path(folder)
        self.slots = slots
        self._lock = threading.Lock()
        self._names: dict[str, int] = {}
        self._open()

    def _open(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._tidy()
        self.path = self.folder / f"{os.getpid()}.box"
        size = _SLOTS_AT + self.slots * _SLOT.size
        temporary = self.path.with_suffix(".new")
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            # Blocks that are only promised would be a bus error later, when the disk is full: ask for them now.
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(descriptor, 0, size)
            else:
                os.ftruncate(descriptor, size)
            self._map = mmap.mmap(descriptor, size)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)
        half = correlation.process_half().encode("ascii")
        _HEAD.pack_into(self._map, 0, MAGIC, 1, os.getpid(), self.slots, 0, time_ns(), perf_counter_ns(), half)
        temporary.replace(self.path)
        self._next = itertools.count(1).__next__
        self._mask = self.slots - 1
        self._names_end = _NAMES_AT
        self._last: tuple[Any, bytes] = (None, b"")
        names, self._names = list(self._names), {}
        for name in names:
            self.number(name)

    def _tidy(self) -> None:
        old = []
        for path in self.folder.glob("*.box"):
            try:
                os.kill(int(path.stem), 0)
            except ValueError:
                continue
            except ProcessLookupError:
                old.append((path.stat().st_mtime, path))
            except OSError:
                continue
        for _, path in sorted(old)[:-KEPT]:
            path.unlink(missing_ok=True)

    def number(self, name: str) -> int:
        """Return the number that stands for a name; 0 when there is no room for more."""
        known = self._names.get(name)
        if known is not None:
            return known
        with self._lock:
            line = name.replace("\n", " ").encode("utf-8", "replace")[:500] + b"\n"
            if self._names_end + len(line) >= _SLOTS_AT:
                return 0
            self._map[self._names_end : self._names_end + len(line)] = line
            self._names_end += len(line)
            return self._names.setdefault(name, len(self._names) + 1)

    def record(self, number: int, event: Event, kind: int = 0) -> None:
        """Keep a call."""
        who = event[1]
        known, identity = self._last
        if who is not known:
            identity = (correlation_id_of(who) or "").encode("ascii", "replace")
            self._last = (who, identity)
        sequence = self._next()
        at = _SLOTS_AT + ((sequence & self._mask) << 6)
        _SLOT.pack_into(self._map, at, sequence, event[2], event[3], number, kind, identity)

    def tell(self, site: Site, event: Event) -> None:
        """Keep an event with details: of an error its class, of a message nothing but that there was one."""
        more = event[4] or {}
        outcome, name = more.get("outcome", "message"), site.name
        if "error" in more:
            name = f"{name} failed: {more['error']['type']}"
        self.record(self.number(name) if name else 0, event, KINDS.index(outcome) if outcome in KINDS else 1)

    def after_fork(self) -> None:
        """Begin a file of our own in a child."""
        self._lock = threading.Lock()
        try:
            self._open()
        except OSError:
            # Nowhere to write: a ring that nobody else sees is better than the parent's.
            self._map = mmap.mmap(-1, _SLOTS_AT + self.slots * _SLOT.size)


def read_black_box(path: str | Path) -> list[dict[str, Any]]:
    """Return the last calls of a process, oldest first, from its black box; it may be alive or dead.

    Args:
        path: A file, or the folder: then that of the process that wrote last.

    Returns:
        Events with ``timestamp``, ``name``, ``correlation_id``, ``duration_seconds``, ``outcome``, ``pid``.

    Raises:
        FileNotFoundError: No such file, or none in the folder.
        ValueError: The file is no black box.
    """
    path = Path(path)
    if path.is_dir():
        boxes = sorted(path.glob("*.box"), key=lambda box: box.stat().st_mtime)
        if not boxes:
            raise FileNotFoundError(f"no black box in {path}")
        path = boxes[-1]
    raw = path.read_bytes()
    if len(raw) < _SLOTS_AT or raw[:8] != MAGIC:
        raise ValueError(f"{path} is no black box")
    _, _, pid, slots, _, wall, counter, _ = _HEAD.unpack_from(raw)
    names = ["", *raw[_NAMES_AT:_SLOTS_AT].split(b"\0", 1)[0].decode("utf-8", "replace").split("\n")]
    found = sorted(
        slot
        for slot in (_SLOT.unpack_from(raw, _SLOTS_AT + _SLOT.size * index) for index in range(slots))
        if slot[0] > 0
    )
    return [
        {
            "timestamp": encoding.timestamp(end + wall - counter),
            "name": names[number] if number < len(names) else "",
            "correlation_id": identity.rstrip(b"\0").decode("ascii", "replace"),
            "duration_seconds": (end - begin) / 1e9,
            "outcome": KINDS[kind] if kind < len(KINDS) else "?",
            "pid": pid,
        }
        for _, begin, end, number, kind, identity in found
    ]
