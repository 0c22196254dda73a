"""The database as a whole: commits, cache, checkpoints, sequences, replication."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from diagnostics.model.observation import FailureKind, Observation, Unit
from diagnostics.runtime import host
from diagnostics.system_monitor.postgres.readings import failure, number, reading
from diagnostics.system_monitor.postgres.session import Session, StatementError
from diagnostics.system_monitor.postgres.tables import table_name
from diagnostics.system_monitor.probes.host import disk_readings
from diagnostics.system_monitor.probes.notes import Notes

Row = Mapping[str, Any]
_SOURCE = "pg_stat_database"
FEWEST_BLOCKS = 100
MOST_SEQUENCES = 10
MOST_COMPARED = 40
MOST_FAILURES = 3


def database_observations(
    before: Row, after: Row, seconds: float, at: datetime, *, own_commits: int = 0
) -> Iterable[Observation]:
    """Yield rates of this database; ``own_commits`` are ours and do not count (pure)."""

    def change(key: str) -> float:
        return max(0.0, float(after[key] or 0) - float(before[key] or 0))

    commits = max(0.0, change("xact_commit") - own_commits)
    name = "postgres.database"
    yield from reading(f"{name}.commit_rate", commits / seconds, Unit.PER_SECOND, at, _SOURCE)
    yield from reading(f"{name}.rollback_rate", change("xact_rollback") / seconds, Unit.PER_SECOND, at, _SOURCE)
    yield from reading(f"{name}.deadlocks", number(after["deadlocks"]), Unit.COUNT, at, _SOURCE)
    yield from reading(f"{name}.deadlock_rate", change("deadlocks") / seconds, Unit.PER_SECOND, at, _SOURCE)
    yield from reading(f"{name}.temp_bytes_rate", change("temp_bytes") / seconds, Unit.BYTES_PER_SECOND, at, _SOURCE)
    hit, read = change("blks_hit"), change("blks_read")
    if hit + read >= FEWEST_BLOCKS:
        yield from reading(f"{name}.cache_hit_ratio", hit / (hit + read), Unit.RATIO, at, _SOURCE)
    yield from reading(f"{name}.stats_age", after["stats_age"], Unit.SECONDS, at, _SOURCE)


def checkpoint_observations(before: Row, after: Row, seconds: float, at: datetime) -> Iterable[Observation]:
    """Yield checkpoints per second, and how many were requested since the statistics were reset (pure)."""
    for key in ("requested", "timed"):
        rate = max(0.0, after[key] - before[key]) / seconds
        yield from reading(f"postgres.checkpoints.{key}_rate", rate, Unit.PER_SECOND, at, "checkpointer statistics")
        yield from reading(f"postgres.checkpoints.{key}", after[key], Unit.COUNT, at, "checkpointer statistics")


def sequence_observations(session: Session, at: datetime) -> Iterable[Observation]:
    """Yield how far sequences are used up, and those that lag behind their table."""
    rows = session.query("sequences")
    used = [
        (float(row["last_value"]) / row["max_value"], row)
        for row in rows
        if row["last_value"] is not None and (row["increment"] or 0) > 0 and not row["cycle"] and row["max_value"]
    ]
    used.sort(key=lambda item: -item[0])
    for ratio, row in used[:MOST_SEQUENCES]:
        sequence = table_name(row["schema"], row["sequence"])
        yield from reading("postgres.sequence.used_ratio", ratio, Unit.RATIO, at, "pg_sequences", sequence=sequence)
    failures = 0
    compared = [row for row in rows if row["indexed"] and row["readable"] and not row["busy"]]
    for row in compared[:MOST_COMPARED]:
        table, column = _quoted(row["table_schema"], row["table"]), _quoted(row["column"])
        sequence = table_name(row["schema"], row["sequence"])
        place = table_name(row["table_schema"], row["table"])
        try:
            top = session.rows(f"SELECT max({column})::float8 AS top FROM {table}")[0]["top"]  # noqa: S608 - quoted names of the catalogue
        except StatementError as error:
            if error.lost:
                raise
            failures += 1
            yield failure(
                "postgres.sequence.behind",
                error.kind,
                str(error),
                at,
                sqlstate=error.sqlstate,
                sequence=sequence,
                table=place,
            )
            if failures >= MOST_FAILURES:
                return
            continue
        behind = (top or 0.0) - (row["last_value"] or 0.0)
        if behind < 0:
            yield from reading(
                "postgres.sequence.ahead",
                -behind,
                Unit.COUNT,
                at,
                "max(id), pg_sequences",
                sequence=sequence,
                table=place,
            )
        if behind > 0:
            yield from reading(
                "postgres.sequence.behind",
                behind,
                Unit.COUNT,
                at,
                "max(id), pg_sequences",
                sequence=sequence,
                table=place,
            )
    for row in [row for row in rows if row["busy"] and row["table"]][:MOST_FAILURES]:
        yield failure(
            "postgres.sequence.behind",
            FailureKind.TIMEOUT,
            "the table is locked; it was not asked",
            at,
            sequence=table_name(row["schema"], row["sequence"]),
            table=table_name(row["table_schema"], row["table"]),
        )


def _quoted(*names: str) -> str:
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def replication_observations(session: Session, at: datetime, *, in_recovery: bool) -> Iterable[Observation]:
    """Yield lag of standbys, what slots hold back, and our own delay when we are a standby."""
    for row in session.query("replication"):
        yield from reading(
            "postgres.replication.lag_bytes",
            row["lag"],
            Unit.BYTES,
            at,
            "pg_stat_replication",
            application=row["application_name"],
        )
        yield from reading(
            "postgres.replication.lag_seconds",
            row["seconds"],
            Unit.SECONDS,
            at,
            "pg_stat_replication",
            application=row["application_name"],
        )
    for row in session.query("slots"):
        yield from reading(
            "postgres.replication.slot_retained_bytes",
            row["retained"],
            Unit.BYTES,
            at,
            "pg_replication_slots",
            slot=row["slot_name"],
            active=str(row["active"]).lower(),
        )
    if in_recovery:
        seconds = session.query("replay_delay")[0]["seconds"]
        yield from reading(
            "postgres.replication.replay_delay", seconds, Unit.SECONDS, at, "pg_last_xact_replay_timestamp()"
        )


def volume_observations(session: Session, at: datetime) -> Iterable[Observation]:
    """Yield the free space where the server keeps its data, when that is on this host."""
    (row,) = session.query("volumes")
    if not row["same_host"]:
        return
    folders = [path for path in (row["data_directory"], *row["tablespaces"]) if path]
    # A server in a container names folders of its own; those that do not exist here are not looked at.
    uses = [(path, "database") for path in folders if os.path.isdir(path)]  # noqa: PTH112 - Path raises where it may not look
    yield from disk_readings(uses, host.mounts(), Notes(at, "statvfs of the server's folders"))
