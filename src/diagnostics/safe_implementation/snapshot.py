"""A snapshot of everything declared: files, variables, databases; captured, proven, compared, restored."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from diagnostics.errors import DiagnosticsError, SnapshotError
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock
from diagnostics.runtime.redaction import redact
from diagnostics.safe_implementation.snapshotters import environment, files
from diagnostics.safe_implementation.snapshotters.files import NO_FILES, FileSet
from diagnostics.safe_implementation.store import Store

_SPARE_BYTES = 8 << 20
_SHOWN_BY_HAND = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseScope:
    """A database to keep; ``tables`` None is all of it."""

    url: str = field(repr=False)
    tables: tuple[str, ...] | None = None

    @property
    def is_sqlite(self) -> bool:
        """Return whether it is a SQLite file."""
        return self.url.startswith("sqlite")

    @property
    def label(self) -> str:
        """Name without credentials."""
        if self.is_sqlite:
            return f"sqlite {self.path}"
        from diagnostics.safe_implementation.snapshotters.postgres_tools import server_of

        part = f", tables {', '.join(self.tables)}" if self.tables is not None else ""
        return server_of(self.url).label + part

    @property
    def path(self) -> Path:
        """File of a SQLite database.

        Raises:
            SnapshotError: It lives in memory.
        """
        from sqlalchemy.engine import make_url

        name = make_url(self.url).database
        if not name or name == ":memory:":
            raise SnapshotError("A SQLite database in memory cannot be kept.")
        return Path(name).absolute()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a change may touch, as declared."""

    files: tuple[str, ...] = ()
    environment: bool = False
    databases: tuple[DatabaseScope, ...] = ()

    def labels(self) -> list[str]:
        """Return it in words, without credentials."""
        return [
            *(f"file {path}" for path in self.files),
            *(database.label for database in self.databases),
            *(["environment"] if self.environment else []),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What was found: digests of objects, never values."""

    files: FileSet = NO_FILES
    environment: str = ""
    databases: tuple[Mapping[str, Any], ...] = ()
    proof: tuple[str, ...] = ()

    def keep(self, store: Store) -> str:
        """Store the manifest itself and return its digest."""
        return store.put_json(
            {
                "files": self.files.to_json(),
                "environment": self.environment,
                "databases": list(self.databases),
                "proof": list(self.proof),
            }
        )

    def labels(self) -> tuple[str, ...]:
        """Return what is in it, in words, without credentials."""
        return (
            *(f"file {path}" for path in self.files.declared),
            *(_label(item) for item in self.databases),
            *(["environment"] if self.environment else []),
        )

    @staticmethod
    def load(digest: str, store: Store) -> Manifest:
        """Return a stored manifest.

        Raises:
            SnapshotError: It is missing or damaged.
        """
        value = store.get_json(digest)
        return Manifest(
            files=FileSet.from_json(value["files"]),
            environment=value["environment"],
            databases=tuple(value["databases"]),
            proof=tuple(value["proof"]),
        )


def proof_database(change_id: str, number: int) -> str:
    """Return the name of the scratch database of a change; recovery finds it by this name."""
    return f"diag_proof_{change_id.replace('-', '_').lower()}_{number}"


def capture(scope: Scope, store: Store, change_id: str, *, timeout: float = 1800.0) -> Manifest:
    """Keep everything declared in the store and prove that it restores.

    Raises:
        SnapshotError: Something cannot be kept or proven.
    """
    files.refuse_store_inside(scope.files, store)
    needed, free = files.total_size(scope.files), store.free_bytes()
    if needed + _SPARE_BYTES > free:
        raise SnapshotError(
            f"The declared files hold {needed} bytes, and the store {store.directory} has {free} left.",
            hint="Free space there, or choose another place with DIAGNOSE_STORE or backup_dir.",
        )
    proof: list[str] = []
    with store.scratch(change_id) as scratch:
        kept = files.capture(scope.files, store)
        files.prove(kept, store, scratch)
        if scope.files:
            regular = sum(entry.type == files.REGULAR for entry in kept.entries)
            proof.append(f"files: {regular} restored into a scratch folder and compared")
        databases = []
        for number, database in enumerate(scope.databases):
            snapshot = _capture_database(database, store, scratch, proof_database(change_id, number), timeout)
            # The address may hold a password: it lies in a private object, the manifest only points to it.
            snapshot["connection"] = store.put_json({"url": database.url})
            databases.append(snapshot)
            proof.append(snapshot["proof"])
    variables = ""
    if scope.environment:
        variables = environment.keep(environment.capture(), store)
        proof.append("environment: read back and compared")
        if store.get_json(variables) != environment.capture():
            raise SnapshotError("The variables changed while they were kept.", hint="Try again.")
    return Manifest(files=kept, environment=variables, databases=tuple(databases), proof=tuple(proof))


def prove_files(manifest: Manifest, store: Store, scratch: Path) -> None:
    """Restore the files of a backup into a scratch place and compare.

    Raises:
        SnapshotError: Something did not come back as it was.
    """
    files.prove(manifest.files, store, scratch)


def _capture_database(
    database: DatabaseScope, store: Store, scratch: Path, scratch_name: str, timeout: float
) -> dict[str, Any]:
    if database.is_sqlite:
        from diagnostics.safe_implementation.snapshotters import sqlite

        snapshot = sqlite.capture(database.path, store, scratch)
        return {**snapshot, "proof": f"{database.label}: copied back on trial and compared"}
    from diagnostics.safe_implementation.snapshotters import postgres
    from diagnostics.safe_implementation.snapshotters.postgres_tools import server_of

    return postgres.capture(
        server_of(database.url),
        store,
        scratch,
        proof_database=scratch_name,
        tables=database.tables,
        timeout=timeout,
    )


def capture_after(before: Manifest, store: Store) -> Manifest:
    """Return what the change left behind: new content is stored too, databases as fingerprints.

    Raises:
        SnapshotError: Something cannot be read.
        RollbackError: A database cannot be read.
    """
    return Manifest(
        files=files.capture(before.files.declared, store),
        environment=environment.keep(environment.capture(), store) if before.environment else "",
        databases=tuple({"fingerprint": fingerprint_now(snapshot, store)} for snapshot in before.databases),
    )


def fingerprint_now(snapshot: Mapping[str, Any], store: Store) -> Any:
    """Return the present fingerprint of a database."""
    if snapshot["kind"] == "sqlite":
        from diagnostics.safe_implementation.snapshotters import sqlite

        return sqlite.fingerprint(Path(snapshot["path"]))
    from diagnostics.safe_implementation.snapshotters import postgres

    return postgres.current(_server(snapshot, store), snapshot)


def _server(snapshot: Mapping[str, Any], store: Store) -> Any:
    from diagnostics.safe_implementation.snapshotters.postgres_tools import server_of

    return server_of(store.get_json(snapshot["connection"])["url"])


def _label(snapshot: Mapping[str, Any]) -> str:
    return str(snapshot.get("label") or f"sqlite {snapshot['path']}")


def _differ(snapshot: Mapping[str, Any], one: Any, other: Any, *, sequences: bool) -> list[str]:
    if snapshot["kind"] == "sqlite":
        return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
    from diagnostics.safe_implementation.snapshotters import postgres

    return postgres.differences(one, other, sequences=sequences)


def conflicts(before: Manifest, after: Manifest, store: Store) -> tuple[list[str], dict[str, str]]:
    """Return what somebody else wrote since the change, and where a copy of it is kept.

    Raises:
        RollbackError: Something cannot be read.
    """
    found: list[str] = []
    kept: dict[str, str] = {}
    for path in files.conflicts(before.files, after.files):
        entry = files.describe(path, store)
        found.append(f"{path} was written by somebody else since the change")
        if entry.digest:
            kept[path] = entry.digest
    for snapshot, left in zip(before.databases, after.databases, strict=True):
        now = fingerprint_now(snapshot, store)
        since = _differ(snapshot, left["fingerprint"], now, sequences=False)
        if since and _differ(snapshot, snapshot["fingerprint"], now, sequences=False):
            found.append(f"{_label(snapshot)} was written by somebody else since the change: {', '.join(since[:5])}")
            kept[_label(snapshot)] = _dump_present(snapshot, store)
    return found, kept


def _dump_present(snapshot: Mapping[str, Any], store: Store) -> str:
    with store.scratch("present") as scratch:
        if snapshot["kind"] == "sqlite":
            from diagnostics.safe_implementation.snapshotters import sqlite

            return str(sqlite.capture(Path(snapshot["path"]), store, scratch)["object"])
        from diagnostics.safe_implementation.snapshotters import postgres

        return postgres.dump_present(_server(snapshot, store), store, scratch)


def restore(
    before: Manifest,
    store: Store,
    token: str,
    *,
    after: Manifest | None = None,
    same_process: bool = True,
    clock: Clock = SYSTEM_CLOCK,
    report: Callable[[str], None] = lambda text: None,
) -> dict[str, str]:
    """Make everything as it was: databases, files, variables, in this order; return what was overwritten, by name.

    Raises:
        RollbackError: Something could not be restored.
        SnapshotError: The store is damaged, or takes no copy of what would be overwritten.
    """
    kept: dict[str, str] = {}
    for number, snapshot in enumerate(before.databases):
        if not same_process and snapshot["kind"] == "postgresql":
            from diagnostics.safe_implementation.snapshotters.postgres_fence import settle

            settle(_server(snapshot, store), clock=clock)
        now = fingerprint_now(snapshot, store)
        if not _differ(snapshot, snapshot["fingerprint"], now, sequences=True):
            continue
        left = after.databases[number]["fingerprint"] if after is not None else None
        unknown = left is None or _differ(snapshot, left, now, sequences=False)
        if unknown and _differ(snapshot, snapshot["fingerprint"], now, sequences=False):
            # Nobody knows whether all of this is the change's own work: keep it before it goes.
            kept[_label(snapshot)] = _dump_present(snapshot, store)
        with store.scratch("restore") as scratch:
            if snapshot["kind"] == "sqlite":
                from diagnostics.safe_implementation.snapshotters import sqlite

                sqlite.restore(snapshot, store, scratch)
            else:
                from diagnostics.safe_implementation.snapshotters import postgres

                postgres.restore(_server(snapshot, store), snapshot, store, scratch, clock=clock, report=report)
    kept |= files.restore(before.files, store, token, after=after.files if after is not None else NO_FILES)
    if before.environment:
        variables = store.get_json(before.environment)
        if same_process:
            environment.restore(variables)
        elif after is not None and after.environment:
            environment.restore_after_restart(variables, store.get_json(after.environment))
    return kept


def differences(
    before: Manifest, store: Store, *, after: Manifest | None = None, same_process: bool = True
) -> list[str]:
    """Return what is not as it was, by name."""
    found = files.differences(before.files, after=after.files if after is not None else NO_FILES)
    for snapshot in before.databases:
        wrong = _differ(snapshot, snapshot["fingerprint"], fingerprint_now(snapshot, store), sequences=True)
        found += [f"{_label(snapshot)}: {name}" for name in wrong]
    if before.environment and same_process:
        names = environment.changed_names(store.get_json(before.environment), environment.capture())
        found += [f"variable {name}" for name in names]
    return found


def by_hand(before: Manifest, store: Store) -> tuple[str, ...]:
    """Return commands that bring back what is not as it was, for a person whose machine cannot."""
    found = files.by_hand(before.files, store)
    for snapshot in before.databases:
        path = shlex.quote(str(store.object_path(str(snapshot["object"]))))
        if snapshot["kind"] == "sqlite":
            found.append(f"sqlite3 {shlex.quote(snapshot['path'])} '.restore {path}'")
        else:
            found.append(f"pg_restore --clean --if-exists --single-transaction -d <{snapshot['label']}> {path}")
    more = len(found) - _SHOWN_BY_HAND
    return (*found[:_SHOWN_BY_HAND], *([f"and {more} more of the same kind"] if more > 0 else []))


def drop_scratch_databases(before_connections: list[tuple[str, str]], store: Store) -> bool:
    """Remove scratch databases that a killed proof left; return whether all of them could be looked for."""
    from diagnostics.safe_implementation.snapshotters import postgres
    from diagnostics.safe_implementation.snapshotters.postgres_tools import server_of

    complete = True
    for connection, name in before_connections:
        try:
            postgres.drop_scratch(server_of(store.get_json(connection)["url"]), name)
        except Exception:  # noqa: BLE001 - an unreachable server must not stop the recovery of files
            complete = False
    return complete


def in_words(error: BaseException) -> str:
    """Return an error as one redacted text, without its class when it is one of ours."""
    text = redact(str(error).strip()) or type(error).__name__
    return text if isinstance(error, DiagnosticsError) else f"{type(error).__name__}: {text}"
