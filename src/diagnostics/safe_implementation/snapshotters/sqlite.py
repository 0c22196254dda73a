"""SQLite databases as they were, by the backup API both ways; the live file is never replaced."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from hashlib import blake2b
from pathlib import Path
from typing import Any

from diagnostics.errors import RollbackError, SnapshotError
from diagnostics.runtime.clock import SYSTEM_CLOCK
from diagnostics.safe_implementation.store import Store

_TIMEOUT_SECONDS = 10.0
_MODULUS = 1 << 64


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def fingerprint(path: Path) -> dict[str, str]:
    """Return schema, counts and row hashes of every table, by name; equal when the content is equal."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=_TIMEOUT_SECONDS)) as connection:
        connection.execute("BEGIN")
        objects = connection.execute(
            "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master ORDER BY type, name"
        ).fetchall()
        prints = {f"{kind} {name}": blake2b(repr((table, sql)).encode(), digest_size=16).hexdigest()
                  for kind, name, table, sql in objects}  # fmt: skip
        for kind, name, _, sql in objects:
            if kind == "table" and not sql.upper().startswith("CREATE VIRTUAL"):
                count = total = 0
                for row in connection.execute(f"SELECT * FROM {_quoted(name)}"):  # noqa: S608 - quoted by _quoted
                    count += 1
                    digest = blake2b(repr(row).encode(), digest_size=8).digest()
                    total = (total + int.from_bytes(digest, "big")) % _MODULUS
                prints[f"rows {name}"] = f"{count}:{total:016x}"
        for pragma in ("user_version", "application_id"):
            prints[pragma] = str(connection.execute(f"PRAGMA {pragma}").fetchone()[0])
    return prints


def capture(path: Path, store: Store, scratch: Path) -> dict[str, Any]:
    """Return what is needed to restore a database file; its copy is in the store, restored once and compared.

    Raises:
        SnapshotError: It cannot be copied, or the copy did not prove good.
    """
    copy, trial = scratch / "copy.sqlite", scratch / "trial.sqlite"
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=_TIMEOUT_SECONDS)) as source:
            source.execute("BEGIN")
            with closing(sqlite3.connect(copy)) as target:
                source.backup(target, progress=_within(_TIMEOUT_SECONDS))
        _check(copy)
        with closing(sqlite3.connect(copy)) as source, closing(sqlite3.connect(trial)) as target:
            source.backup(target, progress=_within(_TIMEOUT_SECONDS))
        _check(trial)
        prints = fingerprint(copy)
        if fingerprint(trial) != prints:
            raise SnapshotError(f"The backup of {path} did not prove good; nothing was changed.")
    except sqlite3.Error as error:
        raise SnapshotError(
            f"{path} cannot be copied: {error}.", hint="Is it a SQLite database that may be read?"
        ) from error
    trial.unlink()
    copy.chmod(0o600)
    return {"kind": "sqlite", "path": str(path), "object": store.adopt(copy), "fingerprint": prints}


def _within(seconds: float) -> Callable[[int, int, int], None]:
    """Return a progress function that gives up: a backup waits for a lock without end."""
    deadline = SYSTEM_CLOCK.monotonic() + seconds

    def progress(status: int, remaining: int, total: int) -> None:
        if SYSTEM_CLOCK.monotonic() > deadline:
            raise sqlite3.OperationalError(f"others held locks for {seconds:.0f} s")

    return progress


def _check(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        answer = connection.execute("PRAGMA integrity_check").fetchone()[0]
    if answer != "ok":
        raise SnapshotError(f"The copy of a SQLite database is damaged: {answer}.")


def differences(snapshot: Mapping[str, Any], now: Mapping[str, str]) -> list[str]:
    """Return the names of what is not as it was."""
    before: Mapping[str, str] = snapshot["fingerprint"]
    return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))


def restore(snapshot: Mapping[str, Any], store: Store, scratch: Path) -> None:
    """Write the copy back into the live database in one transaction and compare.

    Raises:
        RollbackError: It could not be restored.
    """
    path, copy = Path(snapshot["path"]), scratch / "restore.sqlite"
    with store.open_object(snapshot["object"]) as source:
        copy.write_bytes(source.read())
    copy.chmod(0o600)
    try:
        with (
            closing(sqlite3.connect(copy)) as source,
            closing(sqlite3.connect(path, timeout=_TIMEOUT_SECONDS)) as target,
        ):
            store.checkpoint("sqlite: before restore")
            source.backup(target, progress=_within(_TIMEOUT_SECONDS))
            store.checkpoint("sqlite: restored")
        wrong = differences(snapshot, fingerprint(path))
    except sqlite3.Error as error:
        raise RollbackError(
            f"{path} could not be restored: {error}.", hint="Stop what uses it, then run: diagnose recover"
        ) from error
    if wrong:
        raise RollbackError(f"{path} is not as it was after its restore: {', '.join(wrong[:5])}.")
