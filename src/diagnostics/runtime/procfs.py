"""Read small files of ``/proc`` and ``/sys``; nothing else, so that it costs nothing to import."""

from __future__ import annotations

import os
from pathlib import Path

_MAX_PROC_BYTES = 4 << 20


def has_proc() -> bool:
    """Return whether the kernel shows its counters under ``/proc``."""
    return Path("/proc/self/stat").exists()


def read_text(path: str | Path, limit: int = _MAX_PROC_BYTES) -> str:
    """Return the first ``limit`` bytes of a small file as text.

    Raises:
        OSError: It cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        parts = []
        left = limit
        while left > 0:
            part = os.read(descriptor, min(left, 65536))
            if not part:
                break
            parts.append(part)
            left -= len(part)
    finally:
        os.close(descriptor)
    return b"".join(parts).decode("utf-8", "replace")


def read_or_empty(path: str | Path) -> str:
    """Return the text of a small file, or nothing where it is missing or not ours to read."""
    try:
        return read_text(path)
    except OSError:
        return ""


def read_integer(path: str | Path) -> int | None:
    """Return the number in a file of one number; None for ``max``, a missing file or another text."""
    text = read_or_empty(path).strip()
    return int(text) if text.lstrip("-").isdigit() else None
