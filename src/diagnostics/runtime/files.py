"""Files that survive a power loss: atomic writes, sync, digests, private folders, a lock."""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

PIECE = 1 << 20
FILE_MODE = 0o600
DIRECTORY_MODE = 0o700


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Make the content of a file durable, whoever wrote it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_filesystem(path: Path) -> None:
    """Make everything on the file system of a path durable: for many files far cheaper than one by one.

    Raises:
        OSError: Something could not be written (reported since Linux 5.8).
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
        if syncfs is None:
            os.sync()
        elif syncfs(descriptor):
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), str(path))
    finally:
        os.close(descriptor)


def private_directory(path: Path) -> Path:
    """Create a directory and its parents with mode 0700 whatever the umask; return it."""
    missing = [p for p in (path, *path.parents) if not p.exists()]
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
        folder.chmod(DIRECTORY_MODE)
        sync_directory(folder.parent)
    return path


def open_private(path: Path) -> BinaryIO:
    """Open a new file for writing with mode 0600 whatever the umask; a stale one of that name is removed first."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
    os.fchmod(descriptor, FILE_MODE)
    return os.fdopen(descriptor, "wb")


def write_atomic(path: Path, data: bytes, *, mode: int = FILE_MODE) -> None:
    """Write a file so that a reader, and a power loss, sees the old content or the new one, never a part."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open_private(temporary) as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        temporary.rename(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def digest_of_bytes(data: bytes) -> str:
    """Return the BLAKE2b-256 digest in hexadecimal."""
    return hashlib.blake2b(data, digest_size=32).hexdigest()


def digest_of_file(path: Path) -> str:
    """Return the BLAKE2b-256 digest of a file's content, read in pieces."""
    state = hashlib.blake2b(digest_size=32)
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            state.update(piece)
    return state.hexdigest()


@contextmanager
def exclusive_lock(path: Path, *, note: str = "") -> Iterator[None]:
    """Hold an exclusive lock on a file; the kernel drops it when the process dies.

    Raises:
        BlockingIOError: Somebody else holds it; the file says who.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, note.encode(), 0)
        yield
    finally:
        # Closing drops the lock; the file stays, for removing it would let two processes lock two files of
        # one name.
        os.close(descriptor)


def boot_id() -> str:
    """Return the kernel's identifier of this boot, or an empty text where there is none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def process_start(pid: int) -> str:
    """Return when a process started, in clock ticks since boot, or an empty text when it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]
