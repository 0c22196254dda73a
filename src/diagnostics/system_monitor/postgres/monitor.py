"""PostgresMonitor: the same eyes as the probe's, all the time, through one session that stays."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from diagnostics.errors import MissingExtraError
from diagnostics.model.observation import FailureKind, Observation, Observations
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock
from diagnostics.system_monitor.postgres import activity, locks, tables
from diagnostics.system_monitor.postgres.database import checkpoint_observations, database_observations
from diagnostics.system_monitor.postgres.probe import PostgresProbe, Sweep, connect_failure, connected
from diagnostics.system_monitor.postgres.readings import failure
from diagnostics.system_monitor.postgres.session import ConnectFailedError, Session, open_session
from diagnostics.system_monitor.postgres.tree import Blocker, blocking_tree
from diagnostics.system_monitor.postgres.url import parse_database_url

SWEEP_SECONDS = 8.0
"""Longest life of one sweep; then the line is cut, and the next sweep opens a new one."""
_COUNTERS = ("tables", "database", "checkpoints")
Row = Mapping[str, Any]


class PostgresMonitor:
    """Looks again and again; rates and statements are those since the look before.

    Each sweep looks at sessions, locks, statements, tables and the database, and asks one of the slow questions
    (settings, sizes, indexes, rights, sequences, vacuum, …) in turn; their last answers are in every result. The session is
    read-only by the server, waits at most 0.1 s for a lock and 2 s for an answer, and holds no transaction between sweeps.

    Args:
        database_url: As SQLAlchemy or libpq write it.
        client_pids: Processes whose sessions are told from others'.
        migrations: Alembic folder; searched in ``repository`` when not given.
        repository: Folder of the application's source.
        clock: Source of time.
    """

    def __init__(
        self,
        database_url: str,
        *,
        client_pids: tuple[int, ...] = (),
        migrations: Path | None = None,
        repository: Path | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._probe = PostgresProbe(
            database_url, client_pids=client_pids, migrations=migrations, repository=repository, window_seconds=0.0
        )
        self._address = parse_database_url(database_url)
        self._clock = clock
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._session: Session | None = None
        self._sweep: Sweep | None = None
        self._questions: list[str] = []
        self._answers: dict[str, list[Observation]] = {}
        self._before: dict[str, list[dict[str, Any]]] = {}
        self._statements: list[dict[str, Any]] | None = None
        self._statements_asked = 0
        self._at = 0.0
        self._tree: tuple[Blocker, ...] = ()

    @property
    def blocking_tree(self) -> tuple[Blocker, ...]:
        """Who kept whom waiting in the last sweep, roots first."""
        return self._tree

    def sweep(self, *, complete: bool = False) -> Observations:
        """Return the readings of docs/reference/observations.md, section PostgreSQL; never raises for the server's sake.

        Args:
            complete: Ask all slow questions now; the first sweep does it anyway.
        """
        with self._lock:
            if self._pid != os.getpid():
                # A child of a fork has a session of its own: the parent's must not be ended by us.
                self._pid = os.getpid()
                self._session = self._sweep = None
                self._forget()
            return Observations(self._look(complete=complete))

    def _look(self, *, complete: bool) -> Iterator[Observation]:
        session = self._session
        if session is None or session.cut:
            self._end()
            try:
                session = open_session(self._address, self._clock, lifetime_seconds=SWEEP_SECONDS)
            except MissingExtraError as error:
                yield failure(
                    "postgres.connect", FailureKind.MISSING_EXTRA, str(error), self._clock.now(), hint=error.hint
                )
                return
            except ConnectFailedError as error:
                yield from connect_failure(error, self._address, self._clock.now())
                return
            self._session = session
            self._sweep = Sweep(self._probe, session, self._address, self._clock)
            yield from connected(session, self._address, self._clock.now())
        else:
            session.renew(SWEEP_SECONDS)
        assert self._sweep is not None
        try:
            yield from self._fast(self._sweep, session)
            yield from self._slow(self._sweep, complete=complete)
        finally:
            session.rest()
            if self._sweep.lost or session.cut:
                self._end()

    def _fast(self, sweep: Sweep, session: Session) -> Iterator[Observation]:
        first = not self._at
        if first:
            yield from sweep.part("postgres.statement.time", sweep.find_statements)
        yield from sweep.part("postgres.version", sweep.server_facts)
        sessions, waits = activity.SessionTally(sweep.owner), locks.LockTally(sweep.owner)
        yield from sweep.part("postgres.session", lambda: sweep.sample(sessions, waits))
        self._tree = blocking_tree(*sweep.last_waits)
        now, failures = sweep.snapshot(_COUNTERS)
        yield from failures
        statements = sweep.statement_rows()
        moment, before = self._clock.monotonic(), self._at
        asked, self._statements_asked = self._statements_asked, session.statements
        seconds = max(moment - before, 0.001)
        at = self._clock.now()
        yield from sessions.observations(at)
        yield from sweep.ours(sessions, at)
        yield from waits.observations(at)
        yield from sweep.grants(sessions, statements, at)
        if not first:
            old = self._statements
            yield from sweep.part(
                "postgres.statement.time", lambda: sweep.statement_observations(old, statements, seconds)
            )
            if self._before.get("tables") and now.get("tables"):
                yield from tables.rates(self._before["tables"], now["tables"], seconds, at)
            if self._before.get("database") and now.get("database"):
                own = session.statements - asked
                yield from database_observations(
                    self._before["database"][0], now["database"][0], seconds, at, own_commits=own
                )
            if self._before.get("checkpoints") and now.get("checkpoints"):
                yield from checkpoint_observations(self._before["checkpoints"][0], now["checkpoints"][0], seconds, at)
        self._before, self._statements, self._at = now, statements, moment
        sweep.tables_before = now.get("tables", ())

    def _slow(self, sweep: Sweep, *, complete: bool) -> Iterator[Observation]:
        parts = dict([*sweep.single_questions(), ("postgres.migration", sweep.migrations)])
        if complete or not self._answers:
            asked = list(parts)
            self._questions = []
        else:
            if not self._questions:
                self._questions = list(parts)
            asked = [self._questions.pop(0)]
        for name in asked:
            self._answers[name] = list(sweep.part(name, parts[name]))
        for answers in self._answers.values():
            yield from answers

    def close(self) -> None:
        """End the session; the next sweep opens a new one, and its rates begin anew."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self._session is not None and self._pid == os.getpid():
            self._session.close()
        self._session = self._sweep = None
        self._forget()

    def _forget(self) -> None:
        self._before, self._statements, self._at = {}, None, 0.0
        self._statements_asked = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
