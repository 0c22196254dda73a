"""Files as they were: content, type, mode, owner, times, extended attributes, links, and what was absent."""

# ruff: noqa: PTH100, PTH101, PTH119, PTH103, PTH104, PTH106, PTH108, PTH112, PTH114, PTH115, PTH116, PTH118, PTH120, PTH207, PTH211
# Names as text, exactly as declared: pathlib would normalise them and follow links

from __future__ import annotations

import base64
import errno
import glob
import os
import shlex
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from diagnostics.errors import RollbackError, SnapshotError
from diagnostics.runtime.files import PIECE, digest_of_file, sync_directory, sync_filesystem
from diagnostics.safe_implementation.store import Store

ABSENT, REGULAR, DIRECTORY, LINK = "absent", "file", "directory", "link"
_ATTEMPTS = 3
#: More files than these are synced all at once.
MANY = 200
_TEMPORARY = ".restore"
#: Attributes that the kernel or the security module sets by itself.
_KERNEL_ATTRIBUTES = ("security.selinux", "security.ima", "security.evm")
_NO_ATTRIBUTES = (errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENODATA)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One path as it was."""

    path: str
    type: str
    digest: str = ""
    size: int = 0
    mode: int = 0
    uid: int = 0
    gid: int = 0
    mtime_ns: int = 0
    attributes: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    links: int = 1

    @property
    def substance(self) -> tuple[str, str, str]:
        """What makes two entries the same to somebody who reads them."""
        return (self.type, self.digest, self.target)

    def same_as(self, other: Entry) -> bool:
        """Return whether both are equal in everything that can be restored."""
        if self.type != other.type:
            return False
        if self.type == ABSENT:
            return True
        return self.path == other.path and self._facts() == other._facts()

    def _facts(self) -> tuple[object, ...]:
        # The mode of a link is fixed by the kernel, the size of a folder by the file system.
        mode = 0 if self.type == LINK else self.mode
        size = 0 if self.type == DIRECTORY else self.size
        return (self.digest, self.target, mode, size, self.uid, self.gid, self.mtime_ns, dict(self.attributes))


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSet:
    """Declared paths and patterns, and every entry that they stood for."""

    declared: tuple[str, ...]
    entries: tuple[Entry, ...]

    def by_path(self) -> dict[str, Entry]:
        """Return the entries by path."""
        return {entry.path: entry for entry in self.entries}

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {"declared": list(self.declared), "entries": [asdict(entry) for entry in self.entries]}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> FileSet:
        """Return what ``to_json`` wrote."""
        return FileSet(declared=tuple(value["declared"]), entries=tuple(Entry(**entry) for entry in value["entries"]))


NO_FILES = FileSet(declared=(), entries=())


def absolute(paths: Iterable[str | os.PathLike[str]]) -> tuple[str, ...]:
    """Return declared paths and patterns as absolute ones, once each, without following links."""
    return tuple(dict.fromkeys(os.path.abspath(os.fspath(path)) for path in paths))


def refuse_store_inside(declared: Iterable[str], store: Store) -> None:
    """Refuse a declared path that holds the store: a rollback would undo its own journal.

    Raises:
        SnapshotError: One does.
    """
    home = os.path.realpath(store.directory)
    for path in declared:
        real = os.path.realpath(path)
        if home == real or home.startswith(real.rstrip("/") + "/"):
            raise SnapshotError(
                f"The store {store.directory} lies inside the declared path {path}.",
                hint="Choose another place for it with DIAGNOSE_STORE or backup_dir, or declare single files.",
            )


def _walk(path: str) -> Iterator[str]:
    yield path
    if os.path.isdir(path) and not os.path.islink(path):
        with os.scandir(path) as found:
            names = sorted(entry.name for entry in found)
        for name in names:
            yield from _walk(f"{path.rstrip('/')}/{name}")


def expand(declared: Iterable[str]) -> list[str]:
    """Return every path that the declaration stands for now: folders with all that is in them, absent paths too."""
    paths: list[str] = []
    for item in declared:
        if glob.has_magic(item) and not os.path.lexists(item):
            matches = sorted(glob.glob(item, recursive=True, include_hidden=True))
            for match in matches:
                paths.extend(_walk(match.rstrip("/")))
        else:
            paths.extend(_walk(item))
    return list(dict.fromkeys(paths))


def total_size(declared: Iterable[str]) -> int:
    """Return the bytes of content that a snapshot would have to store at most."""
    size = 0
    for path in expand(declared):
        try:
            found = os.lstat(path)
        except FileNotFoundError:
            continue
        size += found.st_size if stat.S_ISREG(found.st_mode) else 0
    return size


def describe(path: str, store: Store | None = None) -> Entry:
    """Return a path as it is now; with a store, its content is kept there.

    Raises:
        SnapshotError: It is a special file, cannot be read, or does not hold still.
    """
    try:
        for _ in range(_ATTEMPTS):
            entry = _describe_once(path, store)
            if entry is not None:
                return entry
    except OSError as error:
        raise SnapshotError(
            f"{path} cannot be read: {error.strerror}.",
            hint="Run as a user who may read it, or do not declare it.",
        ) from error
    raise SnapshotError(
        f"{path} changed while it was read, {_ATTEMPTS} times.",
        hint="Stop what writes to it during the change.",
    )


def _describe_once(path: str, store: Store | None) -> Entry | None:
    try:
        before = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return Entry(path=path, type=ABSENT)
    digest, target = "", ""
    if stat.S_ISREG(before.st_mode):
        kind = REGULAR
        if store is None:
            digest = digest_of_file(Path(path))
        else:
            with Path(path).open("rb") as file:
                digest = store.put_file(file)
    elif stat.S_ISDIR(before.st_mode):
        kind = DIRECTORY
    elif stat.S_ISLNK(before.st_mode):
        kind, target = LINK, os.readlink(path)
    else:
        raise SnapshotError(
            f"{path} is a socket, pipe or device, which cannot be kept.",
            hint="Declare the files beside it one by one.",
        )
    attributes = _attributes(path)
    after = os.lstat(path)
    if kind == REGULAR and (before.st_mtime_ns, before.st_size, before.st_ino, before.st_ctime_ns) != (
        after.st_mtime_ns, after.st_size, after.st_ino, after.st_ctime_ns,
    ):  # fmt: skip
        return None
    return Entry(
        path=path,
        type=kind,
        digest=digest,
        size=after.st_size,
        mode=stat.S_IMODE(after.st_mode),
        uid=after.st_uid,
        gid=after.st_gid,
        mtime_ns=after.st_mtime_ns,
        attributes=attributes,
        target=target,
        links=after.st_nlink if kind == REGULAR else 1,
    )


def _attributes(path: str) -> dict[str, str]:
    try:
        names = os.listxattr(path, follow_symlinks=False)
        return {
            name: base64.b64encode(os.getxattr(path, name, follow_symlinks=False)).decode()
            for name in sorted(names)
            if name not in _KERNEL_ATTRIBUTES
        }
    except OSError as error:
        if error.errno in _NO_ATTRIBUTES:
            return {}
        raise


def _together(store: Store | None, count: int) -> AbstractContextManager[None]:
    """Return how the content of so many files is made durable: one by one, or all at once when there are many."""
    return store.batch() if store is not None and count > MANY else nullcontext()


def capture(declared: tuple[str, ...], store: Store | None) -> FileSet:
    """Return everything declared as it is now; with a store, its content is kept there.

    Raises:
        SnapshotError: Something cannot be kept.
    """
    paths = expand(declared)
    with _together(store, len(paths)):
        return FileSet(declared=declared, entries=tuple(describe(path, store) for path in paths))


def known_paths(before: FileSet, *others: FileSet) -> list[str]:
    """Return all paths of the snapshots and all that the declaration stands for now."""
    paths = dict.fromkeys(entry.path for files in (before, *others) for entry in files.entries)
    return list(paths | dict.fromkeys(expand(before.declared)))


def prove(files: FileSet, store: Store, scratch: Path) -> None:
    """Restore every file into a scratch place and compare.

    Raises:
        SnapshotError: Something did not come back as it was.
    """
    for number, entry in enumerate(files.entries):
        if entry.type != REGULAR:
            continue
        place = scratch / f"{number}"
        _write_content(entry, place, store, compare=False)
        _dress(entry, str(place))
        copy = describe(str(place))
        place.unlink()
        if not copy.same_as(_at(entry, str(place))):
            raise SnapshotError(f"The backup of {entry.path} did not prove good; nothing was changed.")


def _at(entry: Entry, path: str) -> Entry:
    return Entry(**{**asdict(entry), "path": path})


def conflicts(before: FileSet, after: FileSet) -> list[str]:
    """Return the paths that somebody else wrote since the change: neither as before nor as the change left them.

    What is absent is no conflict, for bringing it back overwrites nothing; nor is a half-written temporary of a
    restore. Both are what a way back leaves that broke before the journal could say that it had begun.
    """
    old, new = before.by_path(), after.by_path()
    found = []
    for path in known_paths(before, after):
        now = describe(path)
        if now.type == ABSENT or _is_temporary(path):
            continue
        gone = Entry(path=path, type=ABSENT)
        if now.substance not in (old.get(path, gone).substance, new.get(path, gone).substance):
            found.append(path)
    return found


def restore(before: FileSet, store: Store, token: str, *, after: FileSet = NO_FILES) -> dict[str, str]:
    """Make everything declared as it was; return the digest of each content that was overwritten or removed.

    Idempotent, and may be killed at any point: a file is replaced by rename, and content about to go is in
    the store
    first.

    Raises:
        RollbackError: Something could not be restored.
    """
    old = before.by_path()
    kept: dict[str, str] = {}
    paths = known_paths(before, after)
    touched: set[str] = set()
    # Many files are written in groups, and a group is synced all at once before its files take their places.
    waiting: list[tuple[Entry, str]] = []
    each = len(paths) <= MANY
    try:
        # Inner paths go first when something has to be removed, and outer ones first when it has to be made.
        for path in sorted(paths, reverse=True):
            store.checkpoint("restore: remove")
            _clear(old.get(path, Entry(path=path, type=ABSENT)), store, kept, touched, token)
        for path in sorted(paths):
            store.checkpoint("restore: make")
            written = _make(old.get(path, Entry(path=path, type=ABSENT)), store, kept, touched, token, each=each)
            if written is not None:
                waiting.append(written)
            if len(waiting) >= (1 if each else MANY):
                _put_in_place(waiting, store, touched, each=each)
        _put_in_place(waiting, store, touched, each=each)
        # Times of folders last, inner ones first: everything above touched them.
        for path in sorted((p for p in old if old[p].type == DIRECTORY), reverse=True):
            if not describe(path).same_as(old[path]):
                _dress(old[path], path)
                touched.add(path)
        _sync(touched, each=each)
        store.checkpoint("restore: synced")
    except OSError as error:
        raise RollbackError(
            f"{error.filename or 'A file'} could not be restored: {error.strerror}.",
            hint="Remove the cause (space, permissions, read-only file system), then run: diagnose recover",
        ) from error
    return kept


def by_hand(before: FileSet, store: Store) -> list[str]:
    """Return shell commands for everything that is not as it was, whatever else is broken."""
    found = []
    old = before.by_path()
    for path in known_paths(before):
        was = old.get(path, Entry(path=path, type=ABSENT))
        try:
            if describe(path).same_as(was):
                continue
        except SnapshotError:
            pass  # what cannot be read has to be put back too
        name = shlex.quote(path)
        if was.type == ABSENT:
            found.append(f"rm -r {name}")
        elif was.type == LINK:
            found.append(f"ln -sfn {shlex.quote(was.target)} {name}")
        else:
            make = (
                f"mkdir -p {name}"
                if was.type == DIRECTORY
                else f"cp {shlex.quote(str(store.object_path(was.digest)))} {name}"
            )
            found.append(f"{make} && chown {was.uid}:{was.gid} {name} && chmod {was.mode:o} {name}")
    return found


def differences(before: FileSet, *, after: FileSet = NO_FILES) -> list[str]:
    """Return the paths that are not as they were, in any respect."""
    old = before.by_path()
    return [
        path
        for path in known_paths(before, after)
        if not describe(path).same_as(old.get(path, Entry(path=path, type=ABSENT)))
    ]


def _temporary(path: str, token: str) -> str:
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{name[:100]}.{token}{_TEMPORARY}")


def _is_temporary(path: str) -> bool:
    name = os.path.basename(path)
    return name.startswith(".") and name.endswith(_TEMPORARY)


def _clear(was: Entry, store: Store, kept: dict[str, str], touched: set[str], token: str) -> None:
    """Remove what was absent before, or was of another type."""
    temporary = _temporary(was.path, token)
    if os.path.lexists(temporary):
        os.unlink(temporary)
        touched.add(os.path.dirname(temporary))
    if _type(was.path) in (ABSENT, was.type):
        return
    now = describe(was.path)
    _keep(now, store, kept)
    if now.type == DIRECTORY:
        os.rmdir(was.path)
    else:
        os.unlink(was.path)
    store.checkpoint("restore: removed")
    touched.add(os.path.dirname(was.path))


def _type(path: str) -> str:
    try:
        mode = os.lstat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return ABSENT
    return LINK if stat.S_ISLNK(mode) else DIRECTORY if stat.S_ISDIR(mode) else REGULAR


def _sync(folders: Iterable[str], *, each: bool) -> None:
    """Make the entries of folders durable; of many, whole file systems at once."""
    there = [folder for folder in sorted(folders) if os.path.isdir(folder)]
    if each:
        for folder in there:
            sync_directory(Path(folder))
    else:
        for folder in {os.stat(folder).st_dev: folder for folder in there}.values():
            sync_filesystem(Path(folder))


def _keep(now: Entry, store: Store, kept: dict[str, str]) -> None:
    if now.type == REGULAR:
        if not store.has(now.digest):
            describe(now.path, store)
        kept[now.path] = now.digest


def _make(
    was: Entry, store: Store, kept: dict[str, str], touched: set[str], token: str, *, each: bool
) -> tuple[Entry, str] | None:
    """Make one path as it was; return the temporary file that has still to take its place, if there is one."""
    if was.type == ABSENT:
        return None
    now = describe(was.path)
    if now.same_as(was):
        return None
    parent = os.path.dirname(was.path)
    if was.type == DIRECTORY:
        if now.type == ABSENT:
            os.makedirs(was.path, exist_ok=True)
            touched.add(parent)
        _dress(was, was.path)
        return None
    if now.substance == was.substance:
        _dress(was, was.path)
        touched.add(parent)
        if each:
            _sync_if_file(was)
        return None
    _keep(now, store, kept)
    os.makedirs(parent, exist_ok=True)
    temporary = _temporary(was.path, token)
    if was.type == LINK:
        os.symlink(was.target, temporary)
    elif was.links > 1 and now.type == REGULAR:
        # A rename would part it from its other names.
        _write_in_place(was, store)
        return None
    else:
        _write_content(was, Path(temporary), store)
    _dress(was, temporary)
    if each:
        _sync_if_file(was, temporary)
    store.checkpoint("restore: written")
    return was, temporary


def _put_in_place(waiting: list[tuple[Entry, str]], store: Store, touched: set[str], *, each: bool) -> None:
    """Rename temporary files to their names, when their contents are durable; empties the list."""
    folders = {os.path.dirname(was.path) for was, _ in waiting}
    if not each:
        _sync(folders, each=False)
    for was, temporary in waiting:
        try:
            os.rename(temporary, was.path)
        except OSError as error:
            if error.errno != errno.EBUSY or was.type != REGULAR:
                raise
            os.unlink(temporary)  # a mount point can only be written in place
            _write_in_place(was, store)
        store.checkpoint("restore: renamed")
    touched |= folders
    waiting.clear()


def _write_content(entry: Entry, place: Path, store: Store, *, compare: bool = True) -> None:
    # Private until it is dressed: the content may be a secret.
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file, store.open_object(entry.digest) as source:
        while piece := source.read(PIECE):
            file.write(piece)
        file.flush()
    if compare and digest_of_file(place) != entry.digest:
        place.unlink()
        raise RollbackError(f"The stored content of {entry.path} is damaged.")


def _write_in_place(entry: Entry, store: Store) -> None:
    with Path(entry.path).open("r+b") as file, store.open_object(entry.digest) as source:
        while piece := source.read(PIECE):
            file.write(piece)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())
    _dress(entry, entry.path)
    _sync_if_file(entry)


def _sync_if_file(entry: Entry, path: str = "") -> None:
    if entry.type == REGULAR:
        descriptor = os.open(path or entry.path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _dress(entry: Entry, path: str) -> None:
    """Give a path its owner, attributes, times and, last, its mode: a new owner clears the setuid bit."""
    now = os.lstat(path)
    if (now.st_uid, now.st_gid) != (entry.uid, entry.gid):
        os.chown(path, entry.uid, entry.gid, follow_symlinks=False)
    if entry.type != LINK:
        # Before the attributes: they cannot be set on a file without the right to write.
        os.chmod(path, entry.mode | stat.S_IWUSR | stat.S_IRUSR)
    have = _attributes(path)
    for name in have.keys() - entry.attributes.keys():
        os.removexattr(path, name, follow_symlinks=False)
    for name, value in entry.attributes.items():
        if have.get(name) != value:
            os.setxattr(path, name, base64.b64decode(value), follow_symlinks=False)
    os.utime(path, ns=(now.st_atime_ns, entry.mtime_ns), follow_symlinks=False)
    if entry.type != LINK:
        os.chmod(path, entry.mode)


def sync_changed(files: FileSet) -> None:
    """Make everything that the change wrote durable: change functions do not sync."""
    folders: set[str] = set()
    each = len(files.entries) <= MANY
    for entry in files.entries:
        if entry.type == REGULAR and each:
            _sync_if_file(entry)
        if entry.type == DIRECTORY:
            folders.add(entry.path)
        folders.add(os.path.dirname(entry.path))
    _sync(folders, each=each)
