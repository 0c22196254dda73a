"""Election: of many workers that share a history, one watches; when it dies, another goes on."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from diagnostics.errors import MissingExtraError

RETRY_SECONDS = 2.0
"""How often those who follow ask whether they may lead: the longest time without a watcher."""


@runtime_checkable
class Election(Protocol):
    """At most one process leads at any moment; one that dies leads no more."""

    def try_lead(self) -> bool:
        """Lead if nobody else does; return whether this process leads. Never waits long."""
        ...

    def still_leads(self) -> bool:
        """Return whether this process leads, asked of whoever decides."""
        ...

    def resign(self) -> None:
        """Let another one lead."""
        ...


class FileElection:
    """By a lock on a file; for workers on one machine. The kernel gives it back when the process dies."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._descriptor: int | None = None
        self._process = 0

    def try_lead(self) -> bool:
        if self.still_leads():
            return True
        self._forget()
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        self._descriptor, self._process = descriptor, os.getpid()
        return True

    def still_leads(self) -> bool:
        # A fork inherits the lock with the descriptor, but only one of the two may watch: the one that took it.
        return self._descriptor is not None and self._process == os.getpid()

    def resign(self) -> None:
        if self.still_leads() and self._descriptor is not None:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        self._forget()

    def _forget(self) -> None:
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                os.close(self._descriptor)
        self._descriptor = None


class PostgresElection:
    """By an advisory lock on a session of its own; for workers on many machines.

    Args:
        url: libpq's URL of the database.
        name: Who has the same name stands in the same election.
    """

    def __init__(self, url: str, name: str = "diagnostics") -> None:
        try:
            import psycopg  # noqa: F401 - only whether it is there
        except ImportError as error:
            raise MissingExtraError("postgres", needed_for="an election in PostgreSQL") from error
        self._url = url
        self._key = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), signed=True)
        self._session: Any = None
        self._leads = False

    def try_lead(self) -> bool:
        import psycopg

        try:
            if self._session is None or self._session.closed:
                self._leads = False
                self._session = psycopg.connect(
                    self._url,
                    autocommit=True,
                    connect_timeout=3,
                    application_name="diagnostics-election",
                    # A machine that is gone must not lead for ever: the server finds out in about half a minute.
                    options="-c statement_timeout=3000 -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 "
                    "-c tcp_keepalives_count=3",
                )
            if not self._leads:
                row = self._session.execute("SELECT pg_try_advisory_lock(%s)", (self._key,)).fetchone()
                self._leads = bool(row[0])
        except psycopg.Error:
            self._drop()
        return self._leads

    def still_leads(self) -> bool:
        import psycopg

        if not self._leads or self._session is None:
            return False
        try:
            self._session.execute("SELECT 1")
        except psycopg.Error:
            self._drop()  # the lock went with the session
        return self._leads

    def resign(self) -> None:
        self._drop()

    def _drop(self) -> None:
        self._leads = False
        session, self._session = self._session, None
        if session is not None:
            with contextlib.suppress(Exception):
                session.close()
