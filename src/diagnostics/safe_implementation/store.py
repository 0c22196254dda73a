"""The store: content-addressed objects, journals and the lock, in one private folder.

``objects/ab/<digest>``, ``impl/<change>.journal``, ``backups/<backup>.json``, ``lock``; folders 0700, files
0600.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO

from diagnostics.errors import ChangeLockedError, SnapshotError
from diagnostics.runtime.files import (
    PIECE,
    boot_id,
    digest_of_bytes,
    digest_of_file,
    exclusive_lock,
    open_private,
    private_directory,
    process_start,
    sync_directory,
    sync_filesystem,
)
from diagnostics.safe_implementation.journal import SUFFIX

#: File systems whose locks and renames cannot be relied on.
_NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "fuse.sshfs", "glusterfs"})


_RESERVE = "reserve"


def no_checkpoint(label: str) -> None:
    """Do nothing; tests put a function here that kills the process."""


class Store:
    """One store on disk; opening it creates what is missing.

    Args:
        directory: Where it lives.
        checkpoint: Called with a label before and after every write; for crash tests.

    Raises:
        SnapshotError: The place is not fit for a store.
    """

    def __init__(self, directory: Path, *, checkpoint: Callable[[str], None] = no_checkpoint) -> None:
        self.directory = Path(os.path.abspath(directory))  # noqa: PTH100 - resolve() would follow a link that may change
        self.checkpoint = checkpoint
        self._in_batch = False
        try:
            for folder in (self.directory, self.objects, self.journals, self.backups):
                private_directory(folder)
            owner = self.directory.stat().st_uid
        except OSError as error:
            raise SnapshotError(
                f"The store {self.directory} cannot be created or read: {error.strerror}.",
                hint="Choose another place with DIAGNOSE_STORE or backup_dir.",
            ) from error
        if owner != os.geteuid():
            raise SnapshotError(
                f"The store {self.directory} belongs to user {owner}, not to the running user {os.geteuid()}.",
                hint="Run as its owner, or choose another place with DIAGNOSE_STORE or backup_dir.",
            )
        kind = _filesystem(self.directory)
        if kind in _NETWORK:
            raise SnapshotError(
                f"The store {self.directory} lies on a network file system ({kind}), whose locks do not hold.",
                hint="Choose a local directory with DIAGNOSE_STORE or backup_dir.",
            )

    @property
    def objects(self) -> Path:
        """Folder of the objects."""
        return self.directory / "objects"

    @property
    def journals(self) -> Path:
        """Folder of the journals."""
        return self.directory / "impl"

    @property
    def backups(self) -> Path:
        """Folder of the descriptions of backups."""
        return self.directory / "backups"

    def journal_path(self, change_id: str) -> Path:
        """Return where the journal of a change lies."""
        if not change_id or "/" in change_id or change_id.startswith("."):
            raise ValueError(f"{change_id!r} is no id of a change")
        return self.journals / f"{change_id}{SUFFIX}"

    def journal_paths(self) -> list[Path]:
        """Return all journals, oldest first (their names begin with the time)."""
        return sorted(self.journals.glob(f"*{SUFFIX}"))

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the store: one change at a time.

        Raises:
            ChangeLockedError: Another process, or another thread of this one, works on it.
        """
        note = json.dumps({"pid": os.getpid(), "start": process_start(os.getpid()), "boot": boot_id()})
        held = exclusive_lock(self.directory / "lock", note=note)
        try:
            held.__enter__()
        except BlockingIOError as error:
            raise ChangeLockedError(
                f"Another change works on the store {self.directory}{self._holder()}.",
                hint="Wait until it has ended; a process that died holds no lock.",
            ) from error
        except OSError as error:
            raise SnapshotError(f"The store {self.directory} cannot be locked: {error.strerror}.") from error
        try:
            yield
        finally:
            held.__exit__(None, None, None)

    def _holder(self) -> str:
        try:
            note = json.loads((self.directory / "lock").read_text(encoding="utf-8"))
            return f" (process {note['pid']})"
        except (OSError, ValueError, KeyError):
            return ""

    # ------------------------------------------------------------ objects

    def object_path(self, digest: str) -> Path:
        """Return where an object lies."""
        return self.objects / digest[:2] / digest

    def has(self, digest: str) -> bool:
        """Return whether an object of that digest is in the store, whole."""
        path = self.object_path(digest)
        return path.is_file() and digest_of_file(path) == digest

    def put_bytes(self, data: bytes) -> str:
        """Store content and return its digest, when it is durable."""
        digest = digest_of_bytes(data)

        def write(file: BinaryIO) -> str:
            file.write(data)
            return digest

        return self._put(write, digest)

    def put_json(self, value: Any) -> str:
        """Store a value as JSON and return the digest."""
        return self.put_bytes(json.dumps(value, ensure_ascii=True, sort_keys=True).encode())

    def put_file(self, source: BinaryIO) -> str:
        """Store the rest of an open file and return the digest, when it is durable."""
        head = source.read(PIECE)
        if len(head) < PIECE:
            return self.put_bytes(head)

        def write(file: BinaryIO) -> str:
            state = blake2b(head, digest_size=32)
            file.write(head)
            while piece := source.read(PIECE):
                state.update(piece)
                file.write(piece)
            return state.hexdigest()

        return self._put(write, "")

    def adopt(self, path: Path) -> str:
        """Move a private file that lies within the store into its objects; return the digest."""
        digest = digest_of_file(path)
        with path.open("rb") as file:
            os.fsync(file.fileno())
        self._place(path, digest)
        return digest

    def _put(self, write: Callable[[BinaryIO], str], known: str) -> str:
        if known and self._confirmed(known):
            return known
        temporary = self.objects / f".new.{os.getpid()}"
        try:
            self.checkpoint("object: before")
            with open_private(temporary) as file:
                digest = write(file)
                file.flush()
                self.checkpoint("object: written")
                if not self._in_batch:
                    os.fsync(file.fileno())
            self._place(temporary, digest)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise SnapshotError(
                f"The store {self.directory} takes no more content: {error.strerror}.",
                hint="Free space there, or choose another place with DIAGNOSE_STORE or backup_dir.",
            ) from error
        return digest

    def _confirmed(self, digest: str) -> bool:
        """Return whether an object is there and whole; then it is synced again before anybody relies on it."""
        path = self.object_path(digest)
        if not self.has(digest):
            return False
        if self._in_batch:
            return True
        with path.open("rb") as file:
            os.fsync(file.fileno())
        sync_directory(path.parent)
        return True

    def _place(self, temporary: Path, digest: str) -> None:
        path = self.object_path(digest)
        private_directory(path.parent)
        if path.exists() and self._confirmed(digest):
            temporary.unlink()
            return
        self.checkpoint("object: synced")
        temporary.rename(path)
        self.checkpoint("object: renamed")
        if not self._in_batch:
            sync_directory(path.parent)
            self.checkpoint("object: durable")

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Store many objects and make all of them durable at once, at the end of the block.

        Until then they may be torn after a power loss; nobody relies on them, and whoever finds one compares it with
        its digest first.

        Raises:
            SnapshotError: They could not be made durable.
        """
        self._in_batch = True
        try:
            yield
        finally:
            self._in_batch = False
        self.checkpoint("objects: written")
        try:
            sync_filesystem(self.objects)
        except OSError as error:
            raise SnapshotError(f"The store {self.directory} could not be synced: {error.strerror}.") from error
        self.checkpoint("objects: durable")

    def open_object(self, digest: str) -> BinaryIO:
        """Open an object for reading.

        Raises:
            SnapshotError: It is missing.
        """
        try:
            return self.object_path(digest).open("rb")
        except OSError as error:
            raise SnapshotError(f"The object {digest[:12]}… is missing in the store {self.directory}.") from error

    def get_bytes(self, digest: str) -> bytes:
        """Return an object's content.

        Raises:
            SnapshotError: It is missing or damaged.
        """
        with self.open_object(digest) as file:
            data = file.read()
        if digest_of_bytes(data) != digest:
            raise SnapshotError(f"The object {digest[:12]}… in the store {self.directory} is damaged.")
        return data

    def get_json(self, digest: str) -> Any:
        """Return an object's content, read as JSON.

        Raises:
            SnapshotError: It is missing or damaged.
        """
        return json.loads(self.get_bytes(digest))

    @contextmanager
    def scratch(self, name: str) -> Iterator[Path]:
        """Give a private folder on the store's own file system and remove it afterwards."""
        folder = self.directory / "scratch" / name
        shutil.rmtree(folder, ignore_errors=True)
        private_directory(folder)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def clean_scratch(self) -> bool:
        """Remove what a killed process left half-written; return whether there was anything. Call it under the lock."""
        self.release()
        stale = [*self.objects.glob(".new.*"), *self.journals.glob("*.tmp"), *self.backups.glob(".*.tmp")]
        for path in stale:
            path.unlink(missing_ok=True)
        scratch = self.directory / "scratch"
        left = scratch.exists() and any(scratch.iterdir())
        shutil.rmtree(scratch, ignore_errors=True)
        return bool(stale) or left

    def reserve(self, size: int) -> None:
        """Set space aside, so that a change that fills the disk can still be undone and the journal still be written.

        Raises:
            SnapshotError: There is not enough.
        """
        try:
            with open_private(self.directory / _RESERVE) as file:
                os.posix_fallocate(file.fileno(), 0, size)
        except OSError as error:
            self.release()
            raise SnapshotError(
                f"The store {self.directory} has no room for a reserve of {size} bytes: {error.strerror}.",
                hint="Free space there, or choose another place with DIAGNOSE_STORE or backup_dir.",
            ) from error

    def release(self) -> None:
        """Give the reserve back."""
        (self.directory / _RESERVE).unlink(missing_ok=True)

    def free_bytes(self) -> int:
        """Return the free space for objects."""
        return shutil.disk_usage(self.directory).free


def _filesystem(path: Path) -> str:
    """Return the type of the file system that a path lies on, or an empty text where that cannot be read."""
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    best, kind = "", ""
    for line in mounts:
        fields = line.split()
        place = fields[1].replace("\\040", " ")
        inside = str(path) == place or str(path).startswith(place.rstrip("/") + "/")
        if inside and len(place) >= len(best):
            best, kind = place, fields[2]
    return kind
