"""PostgresProbe: everything that one database server can tell, in one short session."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from diagnostics.errors import MissingExtraError
from diagnostics.model.observation import FailureKind, Observation, Unit
from diagnostics.runtime.clock import Clock
from diagnostics.system_monitor.postgres import activity, locks, settings, statements, tables, upkeep
from diagnostics.system_monitor.postgres.clients import LocalClients
from diagnostics.system_monitor.postgres.database import (
    checkpoint_observations,
    database_observations,
    replication_observations,
    sequence_observations,
    volume_observations,
)
from diagnostics.system_monitor.postgres.migrations import observe_migrations
from diagnostics.system_monitor.postgres.pgbouncer import PgBouncerProbe
from diagnostics.system_monitor.postgres.readings import failure, reading
from diagnostics.system_monitor.postgres.session import (
    GUARDS,
    ConnectFailedError,
    Session,
    StatementError,
    open_session,
)
from diagnostics.system_monitor.postgres.url import DatabaseAddress, parse_database_url

SAMPLES = 6
SECOND_LOOKS = 4
LIFETIME_SECONDS = 12.0
Row = Mapping[str, Any]
Part = Callable[[], Iterable[Observation]]


@dataclass(frozen=True, slots=True)
class PostgresProbe:
    """Looks at a PostgreSQL server (13 to 18) through a read-only session of its own.

    Attributes:
        database_url: As SQLAlchemy or libpq write it.
        client_pids: Diagnosed processes; their sessions are told from others'.
        migrations: Alembic folder; searched in ``repository`` when not given.
        window_seconds: Over which rates are measured, and activity and locks are sampled six times.
    """

    database_url: str = field(repr=False)
    client_pids: tuple[int, ...] = field(default=(), kw_only=True)
    migrations: Path | None = field(default=None, kw_only=True)
    repository: Path | None = field(default=None, kw_only=True)
    window_seconds: float = field(default=2.0, kw_only=True)

    @property
    def name(self) -> str:
        return "postgres.connect"

    @property
    def deadline_seconds(self) -> float:
        return LIFETIME_SECONDS + self.window_seconds

    def observe(self, clock: Clock) -> Iterator[Observation]:
        """Yield the readings of docs/reference/observations.md, section PostgreSQL."""
        address = parse_database_url(self.database_url)
        try:
            session = open_session(address, clock, lifetime_seconds=LIFETIME_SECONDS)
        except MissingExtraError as error:
            yield failure(self.name, FailureKind.MISSING_EXTRA, str(error), clock.now(), hint=error.hint)
            return
        except ConnectFailedError as error:
            yield from connect_failure(error, address, clock.now())
            return
        with session:
            yield from connected(session, address, clock.now())
            yield from Sweep(self, session, address, clock).run()


def connect_failure(error: ConnectFailedError, address: DatabaseAddress, at: datetime) -> Iterable[Observation]:
    """Yield why there is no session."""
    yield from _attempts(error, at)
    yield failure(
        "postgres.connect",
        error.cause.kind,
        str(error),
        at,
        hint=error.cause.hint,
        elapsed=error.elapsed,
        source="getaddrinfo, connect, startup",
        host=error.host,
        port=error.port,
        database=address.database,
        user=address.user,
        phase=error.cause.phase,
        sqlstate=error.cause.sqlstate,
        errno=error.errno,
    )


def connected(session: Session, address: DatabaseAddress, at: datetime) -> Iterable[Observation]:
    """Yield how long it took to get a session, and which addresses failed before."""
    yield from _attempts(session, at)
    yield from reading(
        "postgres.connect",
        session.elapsed,
        Unit.SECONDS,
        at,
        "getaddrinfo, connect, startup, first statement",
        host=session.host,
        port=session.port,
        database=address.database,
        user=address.user,
        address=session.address,
    )


def _attempts(source: Session | ConnectFailedError, at: datetime) -> Iterable[Observation]:
    for item in source.attempts:
        yield failure(
            "postgres.connect.address",
            item.kind,
            item.message,
            at,
            elapsed=item.elapsed,
            host=item.host,
            port=item.port,
            address=item.address,
            phase="tcp",
            errno=item.errno,
        )


class Sweep:
    """The parts of a look; ``run`` is one visit: two snapshots around a window, samples and single questions within it."""

    def __init__(self, probe: PostgresProbe, session: Session, address: DatabaseAddress, clock: Clock) -> None:
        self._probe = probe
        self._session = session
        self._address = address
        self._clock = clock
        self._clients: LocalClients | None = None
        self._owners: dict[tuple[object, object, int], int | None] = {}
        self._server: Row = {}
        self._schema = ""
        self.tables_before: Sequence[Row] = ()
        self._statements = "statements"
        self.lost = False
        self.last_waits: tuple[Sequence[Row], Mapping[int, Row]] = ((), {})
        self._second_looks = SECOND_LOOKS

    # -- the order of things ---------------------------------------------------------------------------------

    def run(self) -> Iterator[Observation]:
        """Yield everything; whatever fails is a failure of its own and the rest goes on."""
        yield from self.part("postgres.version", self.server_facts)
        before, failures = self.snapshot(("tables", "database", "checkpoints"))
        yield from failures
        self.tables_before = before.get("tables", ())
        yield from self.part("postgres.statement.time", self.find_statements)
        old_statements = self.statement_rows()
        started = self._clock.monotonic()

        sessions = activity.SessionTally(self.owner)
        waits = locks.LockTally(self.owner)
        once = self.single_questions()
        for index in range(SAMPLES):
            yield from self.part("postgres.session", lambda: self.sample(sessions, waits))
            due = started + self._probe.window_seconds * (index + 1) / SAMPLES
            # The single questions fill the pauses between the samples.
            while self._clock.monotonic() < due - 0.05 and once:
                name, part = once.pop(0)
                yield from self.part(name, part)
            self._clock.sleep(due - self._clock.monotonic())

        new_statements = self.statement_rows()
        seconds = max(self._clock.monotonic() - started, 0.001)
        after, failures = self.snapshot(("tables", "database", "checkpoints"))
        at = self._clock.now()
        yield from failures
        yield from sessions.observations(at)
        yield from self.ours(sessions, at)
        yield from waits.observations(at)
        yield from self.grants(sessions, new_statements, at)
        yield from self.part(
            "postgres.statement.time",
            lambda: self.statement_observations(old_statements, new_statements, seconds),
        )
        if before.get("tables") and after.get("tables"):
            yield from tables.rates(before["tables"], after["tables"], seconds, at)
        if before.get("database") and after.get("database"):
            yield from database_observations(
                before["database"][0], after["database"][0], seconds, at, own_commits=self._session.statements
            )
        if before.get("checkpoints") and after.get("checkpoints"):
            yield from checkpoint_observations(before["checkpoints"][0], after["checkpoints"][0], seconds, at)
        # Reading files may take its time, so it comes when nothing is being measured any more.
        for name, part in (*once, ("postgres.migration", self.migrations)):
            yield from self.part(name, part)

    def single_questions(self) -> list[tuple[str, Part]]:
        """Return the parts that are asked once: the name of their failure, and how."""
        pooler: list[tuple[str, Part]] = [("pgbouncer.connect", self._pooler)] if self._session.pooled else []
        return [
            *pooler,
            ("postgres.setting", self._settings),
            ("postgres.table.size", self._tables),
            ("postgres.role.connection_limit", self._roles),
            ("postgres.privilege.missing", self._privileges),
            ("postgres.wraparound.used_ratio", self._wraparound),
            ("postgres.sequence.used_ratio", lambda: sequence_observations(self._session, self._clock.now())),
            (
                "postgres.replication.lag_bytes",
                lambda: replication_observations(
                    self._session, self._clock.now(), in_recovery=bool(self._server.get("in_recovery"))
                ),
            ),
            ("postgres.database.size", self._size),
            ("postgres.vacuum.workers", self._upkeep),
            ("host.disk.free_ratio", lambda: volume_observations(self._session, self._clock.now())),
        ]

    def part(self, name: str, part: Part) -> Iterator[Observation]:
        """Yield what a part yields; a statement that fails becomes a failure of that name."""
        if self.lost:
            return
        started = self._clock.monotonic()
        try:
            yield from part()
        except StatementError as error:
            # Once the line is gone every further question would only say so again.
            self.lost = error.lost
            yield failure(
                name,
                error.kind,
                str(error),
                self._clock.now(),
                elapsed=self._clock.monotonic() - started,
                sqlstate=error.sqlstate,
            )

    def snapshot(self, names: Sequence[str]) -> tuple[dict[str, list[dict[str, Any]]], list[Observation]]:
        """Return the rows of some queries, and failures of those that could not be asked."""
        found: dict[str, list[dict[str, Any]]] = {}
        failures: list[Observation] = []
        readings = {
            "tables": "postgres.table.seq_scan_rate",
            "database": "postgres.database.commit_rate",
            "checkpoints": "postgres.checkpoints.requested_rate",
        }

        def ask(name: str) -> Iterable[Observation]:
            found[name] = self._session.query(name)
            return ()

        for name in names:
            failures.extend(self.part(readings[name], lambda name=name: ask(name)))  # type: ignore[misc]
        return found, failures

    # -- single questions ------------------------------------------------------------------------------------

    def server_facts(self) -> Iterable[Observation]:
        """Yield version, uptime, clock and slots of the server."""
        asked = self._clock.now()
        row = self._session.query("server")[0]
        answered = self._clock.now()
        self._server = row
        middle = asked.timestamp() + (answered.timestamp() - asked.timestamp()) / 2
        yield from reading("postgres.version", row["version"], Unit.COUNT, answered, "server_version_num")
        yield from reading("postgres.uptime", row["uptime"], Unit.SECONDS, answered, "pg_postmaster_start_time()")
        yield from reading("postgres.in_recovery", row["in_recovery"], Unit.BOOLEAN, answered, "pg_is_in_recovery()")
        yield from reading("postgres.clock_offset", row["now"] - middle, Unit.SECONDS, answered, "clock_timestamp()")
        limit = row["max_connections"]
        yield from reading("postgres.connections.limit", limit, Unit.COUNT, answered, "max_connections")
        yield from reading("postgres.connections.reserved", row["reserved"], Unit.COUNT, answered, "pg_settings")

    def _settings(self) -> Iterable[Observation]:
        rows = self._session.query("settings")
        overrides = self._session.query("role_settings")
        at = self._clock.now()
        user = str(self._server.get("user_name", self._address.user))
        yield from settings.observations(rows, overrides, GUARDS, user, self._address.settings, at)
        read_only = next((row["reset_val"] for row in rows if row["name"] == "default_transaction_read_only"), None)
        if read_only is not None:
            yield from reading("postgres.default_read_only", read_only == "on", Unit.BOOLEAN, at, "pg_settings")

    def _roles(self) -> Iterable[Observation]:
        rows, limits = self._session.query("roles"), self._session.query("database_limit")
        yield from settings.role_observations(rows, limits, self._clock.now())

    def _tables(self) -> Iterable[Observation]:
        rows = self.tables_before or self._session.query("tables")
        pages: dict[int, Row] = {row["oid"]: row for row in self._session.query("table_pages")}
        at = self._clock.now()
        yield from tables.totals(rows, pages, at)
        indexes = self._session.query("indexes")
        yield from tables.index_observations(indexes, (row["oid"] for row in tables.chosen(rows, pages)), at)

    def _privileges(self) -> Iterable[Observation]:
        role = self._server.get("user_name", self._address.user)
        at = self._clock.now()
        for row in self._session.query("privileges"):
            yield from reading(
                "postgres.privilege.missing",
                1,
                Unit.BOOLEAN,
                at,
                "has_table_privilege()",
                role=role,
                table=tables.table_name(row["schema"], row["name"]),
                privileges=", ".join(row["lacking"]),
            )

    def _wraparound(self) -> Iterable[Observation]:
        ratio = self._session.query("wraparound")[0]["ratio"]
        yield from reading(
            "postgres.wraparound.used_ratio",
            ratio,
            Unit.RATIO,
            self._clock.now(),
            "age(datfrozenxid), mxid_age(datminmxid)",
        )

    def _size(self) -> Iterable[Observation]:
        size = self._session.query("database_size")[0]["bytes"]
        yield from reading("postgres.database.size", size, Unit.BYTES, self._clock.now(), "pg_database_size()")

    def _pooler(self) -> Iterable[Observation]:
        """Ask the console of the PgBouncer through which we came."""
        return PgBouncerProbe(self._probe.database_url).observe(self._clock)

    def _upkeep(self) -> Iterable[Observation]:
        return upkeep.observations(self._session, self._clock.now())

    def migrations(self) -> Iterable[Observation]:
        """Yield the state of the migrations."""
        return observe_migrations(self._session, self._probe.migrations, self._probe.repository, self._clock.now())

    # -- activity and locks ----------------------------------------------------------------------------------

    def sample(self, sessions: activity.SessionTally, waits: locks.LockTally) -> Iterable[Observation]:
        """Look at sessions and locks once."""
        rows = self._session.query("activity")
        waiters = [row["pid"] for row in _longest_first(rows) if row["wait_event_type"] == "Lock" and row["here"]]
        if any(activity.is_hidden(row) for row in rows):
            waiters = [row["pid"] for row in self._session.query("hidden_waiters")]
        found = self._blocked(waiters[: locks.MOST_WAITERS])
        prepared = self._session.query("prepared") if any(locks.PREPARED in row["blockers"] for row in found) else []
        by_pid = {row["pid"]: row for row in rows}
        self.last_waits = (found, by_pid)
        sessions.add(rows)
        waits.add(max(len(waiters), len(found)) if found else 0, found, by_pid, prepared)
        return ()

    def _blocked(self, pids: Sequence[int]) -> list[Row]:
        """Return the lock rows of waiters, and of those waiters that they wait for in turn."""
        found: dict[int, Row] = {}
        front = list(pids)
        for _ in range(3):
            if not front:
                break
            asked = set(front)
            for row in self._session.query("locks", {"pids": front}):
                found.setdefault(row["pid"], row)
            front = sorted(
                {pid for row in found.values() for pid in row["blockers"] if pid and pid not in found} - asked
            )
        return [row for row in found.values() if row["blockers"]]

    def owner(self, row: Row) -> int | None:
        """Return the process of this host behind a session."""
        key = (row["client_address"], row["client_port"], row["pid"])
        if key not in self._owners:
            if self._clients is None:
                self._clients = LocalClients(self._probe.client_pids)
            self._owners[key] = self._clients.owner(row["client_address"], row["client_port"], row["pid"])
            if self._owners[key] is None and row["client_port"] is not None and self._second_looks > 0:
                # Perhaps the session is younger than our view of the tables; a remote client never shows up.
                self._second_looks -= 1
                self._clients = LocalClients(self._probe.client_pids)
                self._owners[key] = self._clients.owner(row["client_address"], row["client_port"], row["pid"])
        return self._owners[key]

    def ours(self, sessions: activity.SessionTally, at: datetime) -> Iterable[Observation]:
        """Yield how many sessions belong to the diagnosed processes."""
        if not self._probe.client_pids:
            return
        self._clients = clients = LocalClients(self._probe.client_pids)
        counts = dict.fromkeys(self._probe.client_pids, 0)
        known = False
        for row in sessions.last():
            owner = clients.owner(row["client_address"], row["client_port"], row["pid"])
            known = known or owner is not None
            ours = None if owner is None else clients.ours(owner)
            if ours is not None:
                counts[ours] += 1
        if known:
            for pid, count in counts.items():
                yield from reading(
                    "postgres.connections.ours", count, Unit.COUNT, at, "pg_stat_activity, /proc", pid=pid
                )

    def grants(
        self, sessions: activity.SessionTally, rows: Sequence[Row] | None, at: datetime
    ) -> Iterable[Observation]:
        """Yield the GRANTs that would show more."""
        grant = f"GRANT pg_read_all_stats TO {self._server.get('user_name', self._address.user)}"
        if sessions.hidden:
            yield from reading(
                "postgres.grant.missing",
                1,
                Unit.BOOLEAN,
                at,
                "pg_stat_activity",
                view="pg_stat_activity",
                grant=grant,
            )
        if any(row["hidden"] for row in rows or ()):
            yield from reading(
                "postgres.grant.missing",
                1,
                Unit.BOOLEAN,
                at,
                "pg_stat_statements",
                view="pg_stat_statements",
                grant=grant,
            )

    # -- statements ------------------------------------------------------------------------------------------

    def find_statements(self) -> Iterable[Observation]:
        """Find out where pg_stat_statements is, or say that it is missing."""
        rows = self._session.query("statements_extension")
        if not rows:
            yield failure(
                "postgres.statement.time",
                FailureKind.UNSUPPORTED,
                "the extension pg_stat_statements is not installed in this database",
                self._clock.now(),
                hint="CREATE EXTENSION pg_stat_statements (and name it in shared_preload_libraries)",
            )
            return
        major, _, minor = rows[0]["version"].partition(".")
        self._statements = "statements" if (int(major), int(minor or 0)) >= (1, 8) else "statements_old"
        self._schema = '"' + rows[0]["schema"].replace('"', '""') + '"'
        self._session.rows(f"SELECT 1 FROM {self._schema}.pg_stat_statements(false) LIMIT 1")  # noqa: S608 - quoted above
        return

    def statement_rows(self) -> list[dict[str, Any]] | None:
        """Return the counters of pg_stat_statements, None where they cannot be read."""
        if not self._schema or self.lost:
            return None
        try:
            return self._session.rows(self._session.text(self._statements).replace("{schema}", self._schema))
        except StatementError as error:
            self.lost = error.lost
            return None

    def statement_observations(
        self, before: Sequence[Row] | None, after: Sequence[Row] | None, seconds: float
    ) -> Iterable[Observation]:
        """Yield the statements with the most time between two snapshots."""
        if before is None or after is None:
            return
        deltas = statements.differences(before, after, most=8 * statements.MOST_STATEMENTS)
        if not deltas:
            return
        sql = self._session.text("statement_texts").replace("{schema}", self._schema)
        texts = {
            row["queryid"]: row["query"] or ""
            for row in self._session.rows(sql, {"ids": [item.queryid for item in deltas]})
        }
        theirs = [item for item in deltas if not statements.is_ours(texts.get(item.queryid, ""))]
        yield from statements.observations(theirs[: statements.MOST_STATEMENTS], texts, seconds, self._clock.now())


def _longest_first(rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: -(row["query_age"] or 0.0))
