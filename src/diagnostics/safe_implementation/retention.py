"""What is kept of old changes and backups, and what goes: the last ten, and everything younger than fourteen days."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from diagnostics.errors import RollbackError
from diagnostics.model.record import Record
from diagnostics.safe_implementation import backup as backups
from diagnostics.safe_implementation import journal as journals
from diagnostics.safe_implementation.machine import TERMINAL
from diagnostics.safe_implementation.recovery import change_record
from diagnostics.safe_implementation.store import Store

KEEP, KEEP_DAYS = 10, 14.0
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned(Record):
    """What went, or would go.

    Attributes:
        changes: Journals of changes that had ended.
        backups: Backups that stood alone.
        objects: Contents that nothing mentions any more.
        size: Bytes that they took.
        reason: Why nothing, or not all, was removed; empty otherwise.
    """

    changes: tuple[str, ...] = ()
    backups: tuple[str, ...] = ()
    objects: int = 0
    size: int = 0
    reason: str = ""


def prune(store: Store, *, now: datetime, keep: int = KEEP, days: float = KEEP_DAYS, dry_run: bool = False) -> Pruned:
    """Remove what is neither among the last ``keep`` nor younger than ``days``; the caller holds the lock.

    What waits for a person, for a confirmation or for recovery is never removed. Journals and descriptions go before
    contents, so that a killed run leaves contents that nothing mentions, which the next run removes.
    """
    old = now - timedelta(days=days)
    records = [change_record(path) for path in store.journal_paths()]
    changes = [
        record.change_id
        for record in records[: max(0, len(records) - keep)]
        if record.state in TERMINAL and (moment := record.finished_at or record.started_at) and moment < old
    ]
    names = sorted(path.stem for path in store.backups.glob("*.json"))
    aged = [name for name in names[: max(0, len(names) - keep)] if _is_older(store, name, old)]
    damaged = [record.change_id for record in records if record.state is None]
    if damaged:
        return Pruned(
            reason=f"the journal of {damaged[0]} is corrupt, so nobody knows what it needs; nothing was removed"
        )
    if not dry_run:
        for change in changes:
            store.journal_path(change).unlink()
        for name in aged:
            (store.backups / f"{name}.json").unlink()
    needed = _mentioned(store, without=set(changes) | set(aged))
    unneeded = [path for path in _objects(store) if path.name not in needed]
    size = sum(path.stat().st_size for path in unneeded)
    if not dry_run:
        for path in unneeded:
            store.checkpoint("prune: object")
            path.unlink()
    return Pruned(changes=tuple(changes), backups=tuple(aged), objects=len(unneeded), size=size)


def sizes(store: Store, manifest: str) -> int:
    """Return how many bytes the contents of a backup take in the store; contents that others share count too."""
    found = {manifest, *_inside(store, [manifest])}
    return sum(path.stat().st_size for item in found if (path := store.object_path(item)).is_file())


def _is_older(store: Store, name: str, moment: datetime) -> bool:
    try:
        return backups.load(store, name).timestamp < moment
    except (RollbackError, KeyError, TypeError, ValueError):
        return False  # what cannot be read is not ours to judge


def _objects(store: Store) -> Iterable[Path]:
    return (path for path in sorted(store.objects.glob("??/*")) if _DIGEST.fullmatch(path.name))


def _mentioned(store: Store, *, without: set[str]) -> set[str]:
    """Return the digests that a journal or a backup mentions, and those that their manifests mention."""
    found: set[str] = set()
    manifests: set[str] = set()
    for path in store.journal_paths():
        if path.name.removesuffix(journals.SUFFIX) not in without:
            for record in journals.read(path).records:
                found |= set(_DIGEST.findall(repr(record)))
                manifests |= _manifests(record)
    for path in store.backups.glob("*.json"):
        if path.stem not in without:
            text = path.read_text(encoding="utf-8")
            found |= set(_DIGEST.findall(text))
            manifests |= set(_DIGEST.findall(text))
    return found | manifests | _inside(store, manifests)


def _manifests(record: Mapping[str, Any]) -> set[str]:
    return {str(record[key]) for key in ("manifest", "post") if record.get(key)}


def _inside(store: Store, manifests: Iterable[str]) -> set[str]:
    """Return the digests that manifests mention; what is no manifest, or is gone, mentions none."""
    found: set[str] = set()
    for digest in manifests:
        path = store.object_path(digest)
        if path.is_file():
            found |= set(_DIGEST.findall(path.read_text(encoding="utf-8", errors="replace")))
    return found
