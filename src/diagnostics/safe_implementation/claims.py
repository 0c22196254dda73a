"""One change at a time for each target, whichever stores the changes use.

Who changes something says so in a file that it holds locked: ``/tmp/diagnostics-claims-<user>/<n>.claim``. The
kernel drops the lock when the process dies, so no claim outlives its change. Declared PostgreSQL databases are held
by an advisory lock in the database too, which other users and other hosts see.
"""

from __future__ import annotations

import fcntl
import glob
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

from diagnostics.errors import ChangeLockedError
from diagnostics.model.change import Plan
from diagnostics.runtime.files import DIRECTORY_MODE, FILE_MODE

#: Not the user's TMPDIR: two who do not share it would not see each other.
_SHARED = Path("/tmp")  # noqa: S108 - the folder below is private and its owner is checked
_FILE = "file "
_HINT = "Wait until it has ended; a process that died claims nothing."


def claims_folder() -> Path | None:
    """Return the private folder of claims, or None where there cannot be one."""
    folder = _SHARED / f"diagnostics-claims-{os.geteuid()}"
    try:
        folder.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
        seen = folder.lstat()
    except OSError:
        return None
    fit = not folder.is_symlink() and seen.st_uid == os.geteuid() and not seen.st_mode & 0o077
    return folder if fit else None


def overlap(mine: Sequence[str], others: Sequence[str]) -> list[str]:
    """Return the labels of mine that concern the same thing as one of the others: a file, a folder above it, a database."""
    return [label for label in mine if any(_same(label, other) for other in others)]


def _same(one: str, other: str) -> bool:
    if not (one.startswith(_FILE) and other.startswith(_FILE)):
        return one == other
    a, b = _place(one), _place(other)
    return a == b or a.startswith(b.rstrip("/") + "/") or b.startswith(a.rstrip("/") + "/")


def _place(label: str) -> str:
    """Return the path of a label; of a pattern, the folder in which it looks."""
    path = label.removeprefix(_FILE)
    while glob.has_magic(path) and not os.path.lexists(path):
        path = os.path.dirname(path)  # noqa: PTH120 - names exactly as declared
    return os.path.realpath(path)


def targets_of(plan: Plan) -> tuple[str, ...]:
    """Return labels of what an action acts on, from its parameters."""
    from diagnostics.safe_implementation.snapshotters.postgres_tools import server_of

    given = plan.parameters
    found = [f"{_FILE}{given[key]}" for key in ("path", "repository") if given.get(key)]
    if given.get("pid"):
        found.append(f"process {given['pid']}")
    if given.get("url"):
        found.append(server_of(given["url"]).label)
    return tuple(found)


@contextmanager
def claim(labels: Sequence[str], change_id: str, *, servers: Sequence[Any] = ()) -> Iterator[None]:
    """Hold targets for the length of the block.

    Args:
        labels: ``file <path>`` and names of databases; ``environment`` is the process's own and not claimed.
        change_id: Who holds them.
        servers: PostgreSQL databases among them.

    Raises:
        ChangeLockedError: Somebody alive is changing one of them.
    """
    wanted = [label for label in labels if label != "environment"]
    with ExitStack() as held:
        folder = claims_folder() if wanted else None
        if folder is not None:
            held.callback(_let_go, *_take(folder, wanted, change_id))
        for server in servers:
            held.enter_context(_advisory(server))
        yield


def _take(folder: Path, labels: list[str], change_id: str) -> tuple[Path, int]:
    registry = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    try:
        fcntl.flock(registry, fcntl.LOCK_EX)
        for path in folder.glob("*.claim"):
            holder = _living(path)
            common = overlap(labels, holder.get("labels", ()))
            if common:
                raise ChangeLockedError(
                    f"The change {holder['change']} of process {holder['pid']} is at work on {', '.join(common[:3])}.",
                    hint=_HINT,
                )
        path = folder / f"{change_id}.{os.getpid()}.claim"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        note = json.dumps({"change": change_id, "pid": os.getpid(), "labels": labels}).encode()
        os.pwrite(descriptor, note, 0)
        return path, descriptor
    finally:
        os.close(registry)


def _living(path: Path) -> dict[str, Any]:
    """Return what a claim says, or nothing when nobody holds it any more; then it is removed."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return {}
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        try:
            told: dict[str, Any] = json.loads(os.pread(descriptor, 1 << 20, 0))
        except ValueError:
            return {}
        return told
    else:
        path.unlink(missing_ok=True)
        return {}
    finally:
        os.close(descriptor)


def _let_go(path: Path, descriptor: int) -> None:
    path.unlink(missing_ok=True)
    os.close(descriptor)


def advisory_key() -> int:
    """Return the key under which a database is held while it is changed."""
    return int.from_bytes(blake2b(b"diagnostics change", digest_size=8).digest(), "big", signed=True)


@contextmanager
def _advisory(server: Any) -> Iterator[None]:
    from diagnostics.safe_implementation.snapshotters.postgres_tools import connect, value

    with ExitStack() as held:
        try:
            connection = held.enter_context(connect(server, application="diagnostics change lock"))
            free = value(connection, "SELECT pg_catalog.pg_try_advisory_lock(%s)", (advisory_key(),))
        except Exception:  # noqa: BLE001 - a server that is away is reported by the snapshot, with what to do
            free = True
        if not free:
            raise ChangeLockedError(f"Another change is at work on {server.label}.", hint=_HINT)
        yield
