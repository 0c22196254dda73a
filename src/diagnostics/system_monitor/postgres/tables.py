"""Tables and indexes: size, activity, dead rows, duplicates (pure)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from diagnostics.model.observation import Observation, Unit
from diagnostics.system_monitor.postgres.readings import reading

Row = Mapping[str, Any]
MOST_TABLES = 30
MOST_INDEXES = 40
_SOURCE = "pg_stat_user_tables"


def table_name(schema: str, name: str) -> str:
    """Return the table as its users write it: without the schema when that is ``public``."""
    return name if schema == "public" else f"{schema}.{name}"


def rates(before: Sequence[Row], after: Sequence[Row], seconds: float, at: datetime) -> Iterable[Observation]:
    """Yield rates of the tables with activity in the window."""
    old = {row["oid"]: row for row in before}
    busy: list[tuple[float, Row, dict[str, float]]] = []
    for row in after:
        base = old.get(row["oid"])
        if base is None:
            continue
        change = {key: max(0.0, float(row[key] or 0) - float(base[key] or 0)) for key in _RATES}
        if any(change.values()):
            busy.append((change["seq_tup_read"] + change["idx_scan"] + change["writes"], row, change))
    busy.sort(key=lambda item: -item[0])
    for _, row, change in busy[:MOST_TABLES]:
        for key, name in _RATES.items():
            table = table_name(row["schemaname"], row["relname"])
            yield from reading(
                f"postgres.table.{name}", change[key] / seconds, Unit.PER_SECOND, at, _SOURCE, table=table
            )


_RATES = {
    "seq_scan": "seq_scan_rate",
    "seq_tup_read": "seq_row_rate",
    "idx_scan": "index_scan_rate",
    "writes": "write_rate",
}


def chosen(rows: Sequence[Row], pages: Mapping[int, Row]) -> list[Row]:
    """Return the thirty biggest or busiest tables: half by size, the rest by rows read and written."""

    def size(row: Row) -> float:
        return float(pages[row["oid"]]["bytes"]) if row["oid"] in pages else 0.0

    def traffic(row: Row) -> float:
        return float((row["seq_tup_read"] or 0) + (row["idx_scan"] or 0) + (row["writes"] or 0))

    by_size = sorted(rows, key=lambda row: (-size(row), -float(row["n_live_tup"] or 0)))[: MOST_TABLES // 2]
    picked = {row["oid"]: row for row in by_size}
    for row in sorted(rows, key=lambda row: -traffic(row)):
        if len(picked) >= MOST_TABLES:
            break
        picked.setdefault(row["oid"], row)
    return list(picked.values())


def totals(rows: Sequence[Row], pages: Mapping[int, Row], at: datetime) -> Iterable[Observation]:
    """Yield size, rows and counters of the biggest or busiest tables."""
    for row in chosen(rows, pages):
        table = table_name(row["schemaname"], row["relname"])
        page = pages.get(row["oid"])
        live = float(row["n_live_tup"] or 0)
        if not live and page is not None:
            # Statistics are gone after a crash or a reset; the catalogue's estimate is not.
            live = max(0.0, float(page["tuples"]))
        values: list[tuple[str, float | None, Unit]] = [
            ("seq_scans", row["seq_scan"], Unit.COUNT),
            ("seq_rows", row["seq_tup_read"], Unit.COUNT),
            ("index_scans", row["idx_scan"], Unit.COUNT),
            ("live_rows", live, Unit.COUNT),
            ("dead_rows", row["n_dead_tup"], Unit.COUNT),
            ("since_autovacuum", row["since_vacuum"], Unit.SECONDS),
            ("since_analyze", row["since_analyze"], Unit.SECONDS),
        ]
        if page is not None:
            values.append(("size", page["bytes"], Unit.BYTES))
            values.append(("autovacuum_enabled", float(page["autovacuum"]), Unit.BOOLEAN))
        for name, value, unit in values:
            yield from reading(f"postgres.table.{name}", value, unit, at, _SOURCE, table=table)


def redundant(rows: Sequence[Row]) -> list[tuple[Row, Row]]:
    """Return pairs (index, the one that covers it).

    Same table, same leading keys, and nothing that only the first can do.
    """
    by_table: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        if row["is_valid"] and not row["is_special"] and row["method"] == "btree":
            by_table[row["table_oid"]].append(row)
    found: list[tuple[Row, Row]] = []
    for group in by_table.values():
        for row in group:
            if row["is_unique"] or row["has_constraint"]:
                continue
            cover = next((other for other in group if other is not row and _covers(other, row)), None)
            if cover is not None:
                found.append((row, cover))
    return found


def _covers(other: Row, row: Row) -> bool:
    count = row["key_count"]
    for column in ("keys", "classes", "options", "collations"):
        if other[column].split()[:count] != row[column].split()[:count]:
            return False
    if other["key_count"] < count or set(row["keys"].split()) - set(other["keys"].split()):
        return False
    # Twins would name each other: the one that is not unique and younger is the redundant one.
    twin = other["keys"] == row["keys"] and other["key_count"] == count and not other["is_unique"]
    return not twin or other["oid"] < row["oid"]


def index_observations(rows: Sequence[Row], tables: Iterable[int], at: datetime) -> Iterable[Observation]:
    """Yield invalid and redundant indexes, and how many the chosen tables have."""
    source = "pg_index"
    for row in [row for row in rows if not row["is_valid"]][:MOST_INDEXES]:
        table = table_name(row["schema"], row["table"])
        yield from reading("postgres.index.invalid", 1, Unit.BOOLEAN, at, source, index=row["index"], table=table)
    wanted = set(tables)
    counts = Counter(row["table_oid"] for row in rows)
    names = {row["table_oid"]: table_name(row["schema"], row["table"]) for row in rows}
    for oid in wanted & set(counts):
        yield from reading("postgres.index.count", counts[oid], Unit.COUNT, at, source, table=names[oid])
    for row, cover in redundant(rows)[:MOST_INDEXES]:
        yield from reading(
            "postgres.index.redundant",
            1,
            Unit.BOOLEAN,
            at,
            source,
            table=table_name(row["schema"], row["table"]),
            index=row["index"],
            covered_by=cover["index"],
        )
