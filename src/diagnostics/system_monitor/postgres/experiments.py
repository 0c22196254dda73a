"""Questions that are asked on purpose, one at a time: connect past the pool, explain a statement."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from diagnostics.errors import MissingExtraError
from diagnostics.model.observation import FailureKind, Observation, Observations, Unit
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock
from diagnostics.system_monitor.postgres.probe import connect_failure, connected
from diagnostics.system_monitor.postgres.readings import failure, reading
from diagnostics.system_monitor.postgres.session import (
    ConnectFailedError,
    Session,
    StatementError,
    open_session,
)
from diagnostics.system_monitor.postgres.tables import table_name
from diagnostics.system_monitor.postgres.text import redact_sql
from diagnostics.system_monitor.postgres.url import parse_database_url

GENERIC_PLAN_VERSION = 160000
_EXPLAINABLE = re.compile(r"^\s*(select|with|insert|update|delete|merge|values)\b", re.IGNORECASE)
_QUOTED = re.compile(r"'(?:''|[^'])*'|\"[^\"]*\"|/\*.*?\*/|--[^\n]*", re.DOTALL)
_CONDITION = re.compile(
    r"(?<!\w)\(+(?:\w+\.)?(?P<column>\"[^\"]+\"|[a-z_]\w*)\)?(?:::[\w ]+?(?:\[\])?)?\)?"
    r" (?P<operator>=|<=|>=|<|>|~~|IS NULL)(?: |\)|$)"
)
_PROBE = "postgres.explain"


def direct_connection(database_url: str, clock: Clock = SYSTEM_CLOCK) -> Observations:
    """Connect past the application's pool and ask for one row: ``postgres.direct`` in seconds.

    When this is fast while the application waits for a connection, the pool is what is short, not the server.
    """
    return Observations(_with_session(database_url, clock, _direct))


def _direct(session: Session, clock: Clock) -> Iterator[Observation]:
    started = clock.monotonic()
    session.rows("SELECT 1 AS one")
    seconds = session.elapsed + clock.monotonic() - started
    yield from reading("postgres.direct", seconds, Unit.SECONDS, clock.now(), "connect and SELECT 1, past any pool")


def explain(
    database_url: str, query: str = "", *, queryid: str | None = None, clock: Clock = SYSTEM_CLOCK
) -> Observations:
    """Plan a statement as pg_stat_statements shows it (``$1`` for values), without running it.

    Readings: ``postgres.explain.cost{query}``, ``postgres.explain.seq_scan{query,table,filter,rows,cost}``
        (rows of the table, as
    the planner believes) and ``postgres.explain.index_candidate{table,columns}`` (columns joined by ``, ``:
    equalities first).

    Args:
        database_url: As SQLAlchemy or libpq write it.
        query: The statement; one that was cut needs ``queryid``.
        queryid: Its number in pg_stat_statements, from where the whole text is taken then.
        clock: Source of time.
    """

    def ask(session: Session, clock: Clock) -> Iterator[Observation]:
        text = _whole_text(session, queryid) if queryid else query
        if not _is_single(text):
            message = "only one whole SELECT, INSERT, UPDATE, DELETE or MERGE can be explained"
            yield failure(_PROBE, FailureKind.UNSUPPORTED, message, clock.now(), query=redact_sql(text))
            return
        plan = _plan(session, text)
        shown = redact_sql(text)
        at = clock.now()
        yield from reading("postgres.explain.cost", plan.get("Total Cost"), Unit.COUNT, at, "EXPLAIN", query=shown)
        scans = list(seq_scans(plan))
        names = sorted({scan["Relation Name"] for scan in scans})
        sizes = _sizes(session, names) if names else {}
        served = _index_columns(session, names) if names else {}
        for scan in scans:
            table = table_name(scan.get("Schema", "public"), scan["Relation Name"])
            condition = scan.get("Filter", "")
            yield from reading(
                "postgres.explain.seq_scan",
                sizes.get(scan["Relation Name"], float(scan.get("Plan Rows", 0))),
                Unit.COUNT,
                at,
                "EXPLAIN",
                query=shown,
                table=table,
                filter=redact_sql(condition),
                rows=scan.get("Plan Rows", 0),
                cost=float(scan.get("Total Cost", 0)),
            )
            columns = candidate_columns(condition)
            if columns and not is_served(columns, served.get(scan["Relation Name"], ())):
                yield from reading(
                    "postgres.explain.index_candidate",
                    1,
                    Unit.BOOLEAN,
                    at,
                    "EXPLAIN",
                    table=table,
                    columns=", ".join(columns),
                )
                yield from _hypothetical(session, text, plan, scan, columns, at)

    return Observations(_with_session(database_url, clock, ask))


def _hypothetical(
    session: Session, text: str, plan: Mapping[str, Any], scan: Mapping[str, Any], columns: Sequence[str], at: datetime
) -> Iterator[Observation]:
    """Yield what an index would save, where the extension HypoPG is installed: it exists in our session's memory only."""
    found = session.query("hypopg")
    cost = float(plan.get("Total Cost", 0))
    if not found or session.pooled or cost <= 0:
        return
    schema = _quoted(found[0]["schema"])
    table = f"{_quoted(scan.get('Schema', 'public'))}.{_quoted(scan['Relation Name'])}"
    statement = f"CREATE INDEX ON {table} ({', '.join(_quoted(column) for column in columns)})"
    try:
        session.rows(f"SELECT indexrelid FROM {schema}.hypopg_create_index(%(statement)s)", {"statement": statement})  # noqa: S608 - quoted
        cheaper = float(_plan(session, text).get("Total Cost", cost))
    finally:
        session.rows(f"SELECT {schema}.hypopg_reset()")
    yield from reading(
        "postgres.explain.index_gain",
        max(0.0, 1.0 - cheaper / cost),
        Unit.RATIO,
        at,
        "HypoPG: EXPLAIN with an index that does not exist",
        table=table_name(scan.get("Schema", "public"), scan["Relation Name"]),
        columns=", ".join(columns),
        statement=statement,
        cost=cost,
        cost_with_index=cheaper,
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _with_session(database_url: str, clock: Clock, ask: Any) -> Iterator[Observation]:
    address = parse_database_url(database_url)
    try:
        session = open_session(address, clock, lifetime_seconds=6.0)
    except MissingExtraError as error:
        yield failure("postgres.connect", FailureKind.MISSING_EXTRA, str(error), clock.now(), hint=error.hint)
        return
    except ConnectFailedError as error:
        yield from connect_failure(error, address, clock.now())
        return
    with session:
        yield from connected(session, address, clock.now())
        try:
            yield from ask(session, clock)
        except StatementError as error:
            yield failure(_PROBE, error.kind, str(error), clock.now(), sqlstate=error.sqlstate)


def _is_single(text: str) -> bool:
    bare = _QUOTED.sub(" ", text).strip().rstrip(";")
    return bool(_EXPLAINABLE.match(bare)) and ";" not in bare and "…" not in bare


def _whole_text(session: Session, queryid: str) -> str:
    found = session.query("statements_extension")
    if not found or not queryid.lstrip("-").isdigit():
        return ""
    schema = '"' + found[0]["schema"].replace('"', '""') + '"'
    rows = session.rows(session.text("statement_texts").replace("{schema}", schema), {"ids": [int(queryid)]})
    return str(rows[0]["query"] or "") if rows else ""


def _plan(session: Session, text: str) -> Mapping[str, Any]:
    """Return the top node of the generic plan.

    Raises:
        StatementError: The server cannot plan it.
    """
    text = text.strip().rstrip(";")
    if session.version >= GENERIC_PLAN_VERSION:
        rows = session.rows(f"EXPLAIN (GENERIC_PLAN, VERBOSE, FORMAT JSON) {text}")
    elif session.pooled:
        raise StatementError(
            "before PostgreSQL 16 a plan needs a prepared statement, which a pooler does not keep",
            kind=FailureKind.UNSUPPORTED,
            sqlstate="",
            lost=False,
        )
    else:
        session.command("SET plan_cache_mode = force_generic_plan")
        session.command("DEALLOCATE ALL")
        session.command(f"PREPARE diagnostics_explain AS {text}")
        count = int(session.query("prepared_parameters")[0]["n"])
        arguments = f"({', '.join(['NULL'] * count)})" if count else ""
        rows = session.rows(f"EXPLAIN (VERBOSE, FORMAT JSON) EXECUTE diagnostics_explain{arguments}")
    document = rows[0]["QUERY PLAN"]
    if isinstance(document, str):
        document = json.loads(document)
    plan: Mapping[str, Any] = document[0]["Plan"]
    return plan


def _sizes(session: Session, names: list[str]) -> dict[str, float]:
    sql = session.text("table_rows")
    return {row["relname"]: row["tuples"] for row in session.rows(sql, {"names": names}) if row["tuples"]}


def _index_columns(session: Session, names: list[str]) -> Mapping[str, list[Sequence[str]]]:
    found: dict[str, list[Sequence[str]]] = {}
    for row in session.rows(session.text("index_columns"), {"names": names}):
        found.setdefault(row["relname"], []).append(row["columns"])
    return found


def is_served(columns: Sequence[str], indexes: Iterable[Sequence[str]]) -> bool:
    """Tell whether an index begins with these columns, in any order (pure).

    The planner may scan the table nevertheless: a generic plan does not know how few rows a range has.

    Example:
        >>> is_served(["created_at"], [["id"], ["created_at", "status"]])
        True
        >>> is_served(["status", "created_at"], [["created_at"]])
        False
    """
    return any(set(index[: len(columns)]) == set(columns) for index in indexes)


def seq_scans(plan: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    """Yield the sequential scans of a plan (pure)."""
    if plan.get("Node Type") == "Seq Scan" and "Relation Name" in plan:
        yield plan
    for child in plan.get("Plans", ()):
        yield from seq_scans(child)


def candidate_columns(condition: str) -> list[str]:
    """Return the columns of a Filter that a B-tree could serve: equalities, then one range (pure).

    Alternatives (``OR``) need an index each and are left alone.

    Example:
        >>> candidate_columns("((o.created_at > $2) AND ((o.status)::text = $1))")
        ['status', 'created_at']
    """
    bare = re.sub(r"'(?:''|[^'])*'", "?", condition)
    if " OR " in bare or "SubPlan" in bare:
        return []
    equal: dict[str, None] = {}
    ranged: dict[str, None] = {}
    for match in _CONDITION.finditer(bare):
        column, operator = match["column"].strip('"'), match["operator"]
        if operator in {"=", "IS NULL"}:
            equal[column] = None
        elif operator != "~~":
            ranged[column] = None
    return [*equal, *[column for column in ranged if column not in equal][:1]]
