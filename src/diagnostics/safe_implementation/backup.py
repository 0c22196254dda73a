"""Backups that stand alone: made and proven now, restored when somebody asks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from diagnostics.errors import RollbackError, SnapshotError
from diagnostics.model.record import Record
from diagnostics.runtime.files import write_atomic
from diagnostics.runtime.redaction import redact
from diagnostics.safe_implementation import snapshot
from diagnostics.safe_implementation.snapshot import Manifest, Scope
from diagnostics.safe_implementation.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupState(Record):
    """A state that is kept and can be restored.

    Attributes:
        file_backups: Object of each file's content in the store, by path.
        database_backup: Object of the dump, when a database is in it.
        environment_snapshot: Object of the variables; their values are nowhere else.
        proof: How each part was proven when it was made.
        manifest: Object that holds all of it.
        scope: What is in it, in words.
        size: Bytes that its contents take in the store; contents that others share count too.
        of_change: The change that it was made for; empty for one that stands alone.
    """

    backup_id: str
    timestamp: datetime
    description: str
    manifest: str
    file_backups: Mapping[str, str] = field(default_factory=dict)
    database_backup: str | None = None
    environment_snapshot: str | None = None
    proof: tuple[str, ...] = ()
    store: str = ""
    scope: tuple[str, ...] = ()
    size: int = 0
    of_change: str = ""


def create(
    store: Store, backup_id: str, description: str, scope: Scope, *, now: datetime, timeout: float = 1800.0
) -> BackupState:
    """Keep and prove the present state; the caller holds the lock.

    Raises:
        SnapshotError: It could not be kept or proven.
    """
    manifest = snapshot.capture(scope, store, backup_id, timeout=timeout)
    state = state_of(backup_id, now, redact(description), manifest, manifest.keep(store), str(store.directory))
    try:
        write_atomic(store.backups / f"{backup_id}.json", state.to_json().encode())
    except OSError as error:
        raise SnapshotError(f"The backup could not be recorded: {error.strerror}.") from error
    return state


def state_of(
    backup_id: str, at: datetime, description: str, manifest: Manifest, digest: str, store: str
) -> BackupState:
    """Return the public description of a manifest."""
    return BackupState(
        backup_id=backup_id,
        timestamp=at,
        description=description,
        manifest=digest,
        file_backups={entry.path: entry.digest for entry in manifest.files.entries if entry.digest},
        database_backup=next((str(item["object"]) for item in manifest.databases), None),
        environment_snapshot=manifest.environment or None,
        proof=manifest.proof,
        store=store,
        scope=manifest.labels(),
    )


def load(store: Store, backup_id: str) -> BackupState:
    """Return a backup by its id.

    Raises:
        RollbackError: There is none.
    """
    try:
        value: dict[str, Any] = json.loads((store.backups / f"{backup_id}.json").read_bytes())
    except (OSError, ValueError) as error:
        have = ", ".join(sorted(path.stem for path in store.backups.glob("*.json"))) or "none"
        raise RollbackError(
            f"There is no backup {backup_id} in {store.directory}.", hint=f"There are: {have}."
        ) from error
    value["timestamp"] = datetime.fromisoformat(value["timestamp"])
    value["proof"], value["scope"] = tuple(value["proof"]), tuple(value.get("scope", ()))
    return BackupState(**value)


def objects_of(manifest: Manifest) -> Sequence[str]:
    """Return the digests of all objects that a restore needs."""
    digests = [entry.digest for entry in manifest.files.entries if entry.digest]
    digests += [manifest.environment] if manifest.environment else []
    for item in manifest.databases:
        digests += [item["object"], *([item["connection"]] if "connection" in item else [])]
    return digests


def missing(store: Store, digest: str) -> list[str]:
    """Return what of a backup is missing or damaged in the store; reads every byte."""
    try:
        manifest = Manifest.load(digest, store)
    except SnapshotError as error:
        return [str(error)]
    return [f"object {item[:12]}… is missing or damaged" for item in objects_of(manifest) if not store.has(item)]
