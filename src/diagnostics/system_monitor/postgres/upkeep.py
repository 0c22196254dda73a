"""Vacuum, bloat and what holds vacuum back."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from diagnostics.model.observation import Observation, Unit
from diagnostics.system_monitor.postgres.readings import reading
from diagnostics.system_monitor.postgres.session import Session
from diagnostics.system_monitor.postgres.tables import table_name

Row = Mapping[str, Any]
MOST_DUE = 10
_TUPLE_HEADER, _ITEM_POINTER, _PAGE_HEADER, _ALIGNMENT = 24, 4, 24, 8


def observations(session: Session, at: datetime) -> Iterable[Observation]:
    """Yield autovacuum's workers, tables that wait for it, the age of the oldest rows, and estimated bloat."""
    row = session.query("vacuum_workers")[0]
    source = "pg_stat_activity"
    yield from reading("postgres.vacuum.workers", row["workers"], Unit.COUNT, at, source)
    yield from reading("postgres.vacuum.workers_limit", row["workers_limit"], Unit.COUNT, at, source)
    yield from reading("postgres.vacuum.enabled", row["enabled"], Unit.BOOLEAN, at, "pg_settings")
    due = sorted(session.query("vacuum_due"), key=lambda row: -row["dead"] / max(1.0, row["threshold"]))
    for row in due[:MOST_DUE]:
        table = table_name(row["schema"], row["name"])
        ratio = row["dead"] / max(1.0, row["threshold"])
        yield from reading(
            "postgres.table.vacuum_due_ratio", ratio, Unit.RATIO, at, "pg_class, n_dead_tup", table=table
        )
    for row in session.query("freeze"):
        table = table_name(row["schema"], row["name"])
        yield from reading(
            "postgres.table.freeze_age_ratio", row["age"] / row["most"], Unit.RATIO, at, "relfrozenxid", table=table
        )
    for row in session.query("horizon"):
        yield from reading(
            "postgres.vacuum.horizon_age",
            row["age"],
            Unit.COUNT,
            at,
            "backend_xmin",
            kind=row["kind"],
            holder=row["name"],
            application=row["application"],
            state=row["state"],
        )
    for row in session.query("bloat"):
        wasted = bloat_bytes(row)
        if wasted is None:
            continue
        table = table_name(row["schema"], row["name"])
        source = "relpages, reltuples, pg_stats (an estimate)"
        yield from reading("postgres.table.bloat_bytes", wasted, Unit.BYTES, at, source, table=table)
        total = row["pages"] * row["block"]
        yield from reading("postgres.table.bloat_ratio", wasted / total, Unit.RATIO, at, source, table=table)


def bloat_bytes(row: Row) -> float | None:
    """Return the bytes that a table has beyond what its rows need; None where that cannot be estimated (pure).

    The widths of the columns come from ``pg_stats``; alignment inside the row is taken as half a word for each column
    that is not alone, and the row is aligned to eight bytes. The estimate follows the check of the PostgreSQL wiki
    (``Show database bloat``) and is within some 20 % for tables that were analyzed lately.
    """
    if row["known"] < row["columns"] or row["columns"] == 0:
        return None  # a column that we may not read, or no statistics yet
    null_map = math.ceil(row["columns"] / 8) if row["has_null"] else 0
    header = math.ceil((_TUPLE_HEADER - 1 + null_map) / _ALIGNMENT) * _ALIGNMENT
    size = math.ceil((header + row["width"]) / _ALIGNMENT) * _ALIGNMENT + _ITEM_POINTER
    per_page = max(1.0, math.floor((row["block"] - _PAGE_HEADER) * row["fill"] / size))
    needed = math.ceil(row["tuples"] / per_page)
    return max(0.0, float((row["pages"] - needed) * row["block"]))
