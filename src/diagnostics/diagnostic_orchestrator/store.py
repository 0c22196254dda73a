"""Sessions on disk: saved after every phase, so that they can be resumed, listed and reported later."""

from __future__ import annotations

import difflib
import json
import os
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from diagnostics.diagnostic_orchestrator.store_postgres import PostgresSessions, StoreError, is_url
from diagnostics.errors import ConfigurationError, SessionNotFoundError
from diagnostics.model.record import Record, plain
from diagnostics.reports.json_report import clean

SCHEMA_VERSION = 1
#: Marks the file as ours, so that another program's database is not taken for a store ("diag").
APPLICATION_ID = 0x64696167
#: How long a writer waits for the others; each holds the lock for one row.
BUSY_SECONDS = 10.0
LAST = "last"
EVERY = 2**62
STORE_VARIABLE = "DIAGNOSE_STORE"
DIRECTORY = ".diagnostics"
FILE = "sessions.db"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS session (
    id TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    title TEXT NOT NULL,
    document TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS session_updated ON session (updated_at DESC);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSession(Record):
    """A line of the list of sessions."""

    session_id: str
    status: str
    created_at: datetime
    updated_at: datetime
    title: str


def default_path() -> Path:
    """Return ``DIAGNOSE_STORE`` (a file or a folder), or ``.diagnostics/sessions.db`` below here.

    Where the variable is the URL of a PostgreSQL, what belongs beside the sessions is kept below here.
    """
    given = os.environ.get(STORE_VARIABLE, "")
    if is_url(given):
        given = ""
    path = Path(given).expanduser() if given else Path.cwd() / DIRECTORY
    return path / FILE if not path.suffix or path.is_dir() else path


class SessionStore:
    """Keeps sessions in one SQLite file, or in PostgreSQL by URL; many processes may use it at once.

    The file is readable by its owner only: problem texts and evidence are nobody else's business, redacted
    as they are. Every call opens its own connection, so that threads can share a store.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        """Choose the file; it is created by the first ``save``.

        Args:
            path: The file, a folder to keep it in, or ``postgresql://…``; by default what ``DIAGNOSE_STORE`` says,
                else ``default_path()``.
        """
        url = os.environ.get(STORE_VARIABLE, "") if path is None else str(path)
        self._postgres = PostgresSessions(url) if is_url(url) else None
        chosen = default_path() if path is None or self._postgres is not None else Path(path)
        self.path = chosen / FILE if chosen.is_dir() else chosen
        #: Where it is, for people.
        self.place = self._postgres.place if self._postgres is not None else str(self.path)

    def version(self) -> str:
        """Return a text that changes when a session was saved, by this process or another."""
        if self._postgres is not None:
            with self._postgres.opened(create=False) as db:
                row = db.execute("SELECT count(*), max(updated_at) FROM session").fetchone() if db is not None else ()
            return "-".join(map(str, row))
        try:
            wal = self.path.with_name(f"{self.path.name}-wal")
            return f"{self.path.stat().st_mtime_ns}-{wal.stat().st_mtime_ns if wal.exists() else 0}"
        except OSError:
            return "0-0"

    def save(self, session_id: str, document: Mapping[str, Any], *, status: str, at: datetime) -> None:
        """Write a session, replacing what was saved of it before.

        Raises:
            ConfigurationError: The id cannot be one, or the moment is not aware.
            StoreError: It could not be written; what was there before is still there.
        """
        if not session_id or session_id == LAST or session_id != session_id.strip():
            raise ConfigurationError(f"{session_id!r} cannot be the name of a session.")
        if at.tzinfo is None:
            raise ConfigurationError("The moment of a session must be aware (UTC).")
        written = clean(plain(document))
        text = json.dumps(written, allow_nan=False)
        moment = _text_of(at)
        with self._open(create=True) as db:
            db.execute(
                "INSERT INTO session (id, status, created_at, updated_at, title, document) "
                "VALUES (?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET status = excluded.status, updated_at = excluded.updated_at, "
                "title = excluded.title, document = excluded.document",
                (session_id, status, moment, moment, _title(written), text),
            )

    def load(self, session_id: str = LAST) -> dict[str, Any]:
        """Return the document of a session: by its id, ``last``, or the beginning of an id that only it has.

        Raises:
            SessionNotFoundError: There is none, or the beginning fits several.
            StoreError: The store cannot be read.
        """
        with self._open() as db:
            row = db.execute("SELECT document FROM session WHERE id = ?", (self._resolve(db, session_id),)).fetchone()
        try:
            document = json.loads(row[0])
        except json.JSONDecodeError as error:
            raise StoreError(f"Session '{session_id}' in {self.place} is damaged: {error}.") from error
        if not isinstance(document, dict):
            raise StoreError(f"Session '{session_id}' in {self.place} is damaged: not an object.")
        return document

    def resolve(self, session_id: str = LAST) -> str:
        """Return the full id for what a person typed.

        Raises:
            SessionNotFoundError: There is none, or it fits several.
        """
        with self._open() as db:
            return self._resolve(db, session_id)

    def list(self, *, limit: int | None = None) -> list[StoredSession]:
        """Return the sessions, the one saved last first; none when there is no store yet."""
        if self._postgres is None and not self.path.exists():
            return []
        with self._open(absent=self._postgres is not None) as db:
            if db is None:
                return []
            rows = db.execute(
                "SELECT id, status, created_at, updated_at, title FROM session "
                "ORDER BY updated_at DESC, rowid DESC LIMIT ?",
                (EVERY if limit is None else limit,),
            ).fetchall()
        return [
            StoredSession(
                session_id=row[0],
                status=row[1],
                created_at=datetime.fromisoformat(row[2]),
                updated_at=datetime.fromisoformat(row[3]),
                title=row[4],
            )
            for row in rows
        ]

    def delete(self, session_id: str) -> str:
        """Delete one session and return its full id.

        Raises:
            SessionNotFoundError: There is none, or the beginning fits several.
        """
        with self._open() as db:
            full = self._resolve(db, session_id)
            db.execute("DELETE FROM session WHERE id = ?", (full,))
        return full

    @contextmanager
    def _open(self, *, create: bool = False, absent: bool = False) -> Iterator[Any]:
        """Open the store for one transaction; where there is none, raise, or yield None with ``absent``."""
        if self._postgres is not None:
            with self._postgres.opened(create=create) as found:
                if found is None and not absent:
                    raise self._empty()
                yield found
            return
        if not self.path.exists():
            if not create:
                raise self._empty()
            self._create()
        try:
            with closing(sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)) as db:
                self._check(db)
                db.execute("BEGIN IMMEDIATE" if create else "BEGIN")
                try:
                    yield db
                except BaseException:
                    db.execute("ROLLBACK")
                    raise
                db.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise StoreError(f"The session store {self.path} cannot be used: {error}.", hint=_hint(error)) from error
        except sqlite3.DatabaseError as error:
            raise self._damaged(str(error)) from error

    def _create(self) -> None:
        """Make an empty store beside its place and link it there: others see it whole or not at all."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # mkstemp's mode is 0600 whatever the umask; SQLite's side files inherit it.
            handle, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)
            os.close(handle)
        except OSError as error:
            raise StoreError(
                f"The session store {self.path} cannot be created: {error.strerror}.",
                hint=f"Choose another place with {STORE_VARIABLE}.",
            ) from error
        made = Path(name)
        try:
            with closing(sqlite3.connect(made, isolation_level=None)) as db:
                db.execute("PRAGMA journal_mode = WAL")
                db.executescript(_SCHEMA)
                db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            os.link(made, self.path)
        except FileExistsError:
            pass  # another process was faster; its store is as good
        except OSError:
            made.rename(self.path)  # a file system without hard links
        except sqlite3.Error as error:
            raise StoreError(f"The session store {self.path} cannot be created: {error}.") from error
        finally:
            for leftover in self.path.parent.glob(f"{made.name}*"):
                leftover.unlink(missing_ok=True)

    def _check(self, db: sqlite3.Connection) -> None:
        """Refuse a file of another program or of a newer release."""
        found = db.execute("PRAGMA application_id").fetchone()[0]
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if found != APPLICATION_ID:
            raise StoreError(f"{self.path} is not a session store.", hint=f"Choose another file with {STORE_VARIABLE}.")
        if version != SCHEMA_VERSION:
            raise StoreError(
                f"The session store {self.path} has version {version}; this release knows {SCHEMA_VERSION}.",
                hint="Update ultimate-diagnostics, or choose another store.",
            )

    def _empty(self) -> SessionNotFoundError:
        return SessionNotFoundError(f"There is no session yet in {self.place}.", hint="Start one with: diagnose run")

    def _resolve(self, db: Any, wanted: str) -> str:
        if wanted == LAST:
            row = db.execute("SELECT id FROM session ORDER BY updated_at DESC, rowid DESC LIMIT 1").fetchone()
            if row is None:
                raise self._empty()
            return str(row[0])
        ids = [str(row[0]) for row in db.execute("SELECT id FROM session ORDER BY updated_at DESC, rowid DESC")]
        if wanted in ids:
            return wanted
        fitting = [name for name in ids if wanted and name.startswith(wanted)]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            shown = ", ".join(fitting[:5])
            raise SessionNotFoundError(
                f"'{wanted}' fits {len(fitting)} sessions: {shown}.", hint="Give more of its name."
            )
        near = difflib.get_close_matches(wanted, ids, n=1, cutoff=0.0)
        hint = f"The closest is '{near[0]}'." if near else "The store holds none; start one with: diagnose run"
        raise SessionNotFoundError(f"There is no session '{wanted}' in {self.place}.", hint=hint)

    def _damaged(self, why: str) -> StoreError:
        return StoreError(
            f"The session store {self.path} is damaged: {why}. Nothing was changed.",
            hint=f"Move it aside (a new one is made) or try: sqlite3 {self.path.name} .recover",
        )


def _text_of(moment: datetime) -> str:
    """Return a moment so that texts sort as moments do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _title(document: Mapping[str, Any]) -> str:
    info = document.get("session_info")
    text = info.get("problem_description") if isinstance(info, Mapping) else document.get("problem_description")
    return " ".join(str(text or "").replace("\0", "").split())[:200]


def _hint(error: sqlite3.OperationalError) -> str:
    text = str(error)
    if "locked" in text or "busy" in text:
        return "Another process holds it; try again."
    if "readonly" in text or "unable to open" in text:
        return f"Check who may write it, or choose another place with {STORE_VARIABLE}."
    if "full" in text:
        return "The disk is full: free some space first."
    return ""
