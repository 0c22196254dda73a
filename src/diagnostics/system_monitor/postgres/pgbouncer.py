"""PgBouncer: pools, who waits, and its limits, by its own admin console (``SHOW`` only)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from diagnostics.errors import MissingExtraError
from diagnostics.model.observation import FailureKind, Observation, Unit
from diagnostics.runtime.clock import Clock
from diagnostics.system_monitor.postgres.classify import classify_connect_error
from diagnostics.system_monitor.postgres.readings import failure, number, reading
from diagnostics.system_monitor.postgres.session import APPLICATION, import_psycopg
from diagnostics.system_monitor.postgres.url import parse_database_url

Row = Mapping[str, Any]
CONNECT_SECONDS = 3
_POOLS = {
    "cl_active": ("clients_active", Unit.COUNT),
    "cl_waiting": ("clients_waiting", Unit.COUNT),
    "sv_active": ("servers_active", Unit.COUNT),
    "sv_idle": ("servers_idle", Unit.COUNT),
    "sv_used": ("servers_used", Unit.COUNT),
    "sv_login": ("servers_login", Unit.COUNT),
}
_STATS = {
    "avg_xact_time": ("transaction_time", 1e-6, Unit.SECONDS),
    "avg_query_time": ("query_time", 1e-6, Unit.SECONDS),
    "avg_wait_time": ("wait_time", 1e-6, Unit.SECONDS),
    "avg_xact_count": ("transaction_rate", 1.0, Unit.PER_SECOND),
    "avg_query_count": ("query_rate", 1.0, Unit.PER_SECOND),
}
_HINT = "Name the user in stats_users of pgbouncer.ini, and give the URL of the database pgbouncer."


@dataclass(frozen=True, slots=True)
class PgBouncerProbe:
    """Looks at a PgBouncer through its admin console; the user has to be among ``stats_users`` or ``admin_users``.

    Attributes:
        url: As SQLAlchemy or libpq write it; the database is always ``pgbouncer``.
    """

    url: str = field(repr=False)

    @property
    def name(self) -> str:
        return "pgbouncer.connect"

    @property
    def deadline_seconds(self) -> float:
        return CONNECT_SECONDS + 3.0

    def observe(self, clock: Clock) -> Iterator[Observation]:
        """Yield the readings of docs/reference/observations.md, section PgBouncer."""
        address = parse_database_url(self.url)
        host, port = address.hosts[0]
        try:
            psycopg = import_psycopg()
        except MissingExtraError as error:
            yield failure(self.name, FailureKind.MISSING_EXTRA, str(error), clock.now(), hint=error.hint)
            return
        started = clock.monotonic()
        try:
            connection = psycopg.connect(
                host=host,
                port=port,
                dbname="pgbouncer",
                user=address.user or None,
                password=address.password,
                connect_timeout=CONNECT_SECONDS,
                autocommit=True,
                application_name=APPLICATION,
                # The console speaks the simple protocol only.
                cursor_factory=psycopg.ClientCursor,
            )
        except psycopg.Error as error:
            text = str(error).strip()
            cause = classify_connect_error(text)
            yield failure(self.name, cause.kind, text, clock.now(), hint=_HINT, host=host, port=port, phase=cause.phase)
            return
        with connection:
            at = clock.now()
            yield from reading(
                self.name, clock.monotonic() - started, Unit.SECONDS, at, "connect", host=host, port=port
            )
            try:
                found = {name: _show(connection, name) for name in ("POOLS", "STATS", "DATABASES", "CONFIG", "LISTS")}
            except psycopg.Error as error:
                yield failure("pgbouncer.pool", FailureKind.FORBIDDEN, str(error).strip(), clock.now(), hint=_HINT)
                return
            yield from readings(found, clock)


def _show(connection: Any, what: str) -> list[dict[str, Any]]:
    cursor = connection.execute(f"SHOW {what}")
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def readings(found: Mapping[str, Sequence[Row]], clock: Clock) -> Iterator[Observation]:
    """Yield what the console's tables say (pure but for the moment)."""
    at = clock.now()
    config = {row["key"]: row["value"] for row in found["CONFIG"]}
    default = number(config.get("default_pool_size")) or 0.0
    sizes = {row["name"]: row for row in found["DATABASES"]}
    for row in found["POOLS"]:
        if row["database"] == "pgbouncer":
            continue
        names = {"database": row["database"], "user": row["user"], "mode": row.get("pool_mode") or ""}
        source = "SHOW POOLS"
        for column, (name, unit) in _POOLS.items():
            yield from reading(f"pgbouncer.pool.{name}", number(row.get(column)), unit, at, source, **names)
        waited = (number(row.get("maxwait")) or 0.0) + (number(row.get("maxwait_us")) or 0.0) / 1e6
        yield from reading("pgbouncer.pool.longest_wait", waited, Unit.SECONDS, at, source, **names)
        size = number(sizes.get(row["database"], {}).get("pool_size")) or default
        if size:
            used = sum(number(row.get(column)) or 0.0 for column in ("sv_active", "sv_used", "sv_tested", "sv_login"))
            yield from reading("pgbouncer.pool.size", size, Unit.COUNT, at, "SHOW DATABASES", **names)
            yield from reading("pgbouncer.pool.used_ratio", used / size, Unit.RATIO, at, source, **names)
    for row in found["STATS"]:
        if row["database"] == "pgbouncer":
            continue
        for column, (name, factor, unit) in _STATS.items():
            value = number(row.get(column))
            if value is not None:
                labels = {"database": row["database"]}
                yield from reading(f"pgbouncer.{name}", value * factor, unit, at, "SHOW STATS", **labels)
    lists = {row["list"]: number(row["items"]) for row in found["LISTS"]}
    limit = number(config.get("max_client_conn"))
    yield from reading("pgbouncer.clients.used", lists.get("used_clients"), Unit.COUNT, at, "SHOW LISTS")
    yield from reading("pgbouncer.clients.limit", limit, Unit.COUNT, at, "SHOW CONFIG")
    for name in (
        "pool_mode",
        "query_wait_timeout",
        "server_idle_timeout",
        "max_db_connections",
        "max_prepared_statements",
    ):
        if name in config:
            value = number(config[name])
            yield from reading(
                "pgbouncer.setting", value or 0.0, Unit.COUNT, at, "SHOW CONFIG", setting=name, value=config[name]
            )
