"""pg_stat_statements: what ran during the window (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from diagnostics.model.observation import Observation, Unit
from diagnostics.system_monitor.postgres.readings import reading
from diagnostics.system_monitor.postgres.session import MARK
from diagnostics.system_monitor.postgres.text import redact_sql

Row = Mapping[str, Any]
MOST_STATEMENTS = 10
_SOURCE = "pg_stat_statements, difference over the window"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementDelta:
    """One statement's share of the window."""

    queryid: int
    calls: float
    seconds: float
    rows: float
    read: float
    hit: float
    temp: float


def differences(before: Sequence[Row], after: Sequence[Row], most: int = MOST_STATEMENTS) -> list[StatementDelta]:
    """Return what ran between two snapshots, most time first.

    A counter that went back was reset or evicted in between; then its new value is the difference.
    """
    old = {row["queryid"]: row for row in before}
    found: list[StatementDelta] = []
    for row in after:
        if row["queryid"] is None:
            continue
        base = old.get(row["queryid"])
        if base is not None and base["calls"] > row["calls"]:
            base = None

        def delta(key: str, row: Row = row, base: Row | None = base) -> float:
            return max(0.0, float(row[key]) - (float(base[key]) if base is not None else 0.0))

        calls = delta("calls")
        if calls > 0:
            found.append(
                StatementDelta(
                    queryid=int(row["queryid"]),
                    calls=calls,
                    seconds=delta("milliseconds") / 1000.0,
                    rows=delta("rows"),
                    read=delta("read"),
                    hit=delta("hit"),
                    temp=delta("temp"),
                )
            )
    return sorted(found, key=lambda item: (-item.seconds, -item.calls))[:most]


def observations(
    deltas: Sequence[StatementDelta], texts: Mapping[int, str], seconds: float, at: datetime
) -> Iterable[Observation]:
    """Yield seven readings for each statement."""
    for item in deltas:
        names = {"queryid": item.queryid, "query": redact_sql(texts.get(item.queryid))}
        for name, value, unit in (
            ("time", item.seconds / seconds, Unit.RATIO),
            ("calls", item.calls / seconds, Unit.PER_SECOND),
            ("mean", item.seconds / item.calls, Unit.SECONDS),
            ("rows_per_call", item.rows / item.calls, Unit.COUNT),
            ("blocks_read_per_call", item.read / item.calls, Unit.COUNT),
            ("blocks_hit_per_call", item.hit / item.calls, Unit.COUNT),
            ("temp_blocks_per_call", item.temp / item.calls, Unit.COUNT),
        ):
            yield from reading(f"postgres.statement.{name}", value, unit, at, _SOURCE, **names)


def is_ours(text: str) -> bool:
    """Return whether a statement is one of this probe's own."""
    return MARK in text
