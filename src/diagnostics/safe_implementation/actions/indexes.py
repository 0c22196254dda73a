"""Create an index without blocking writers; drop what a failed attempt leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diagnostics.errors import ApplyError, RollbackError
from diagnostics.model.change import Plan
from diagnostics.safe_implementation.actions.base import database_of, not_applicable, refuse, wanted
from diagnostics.safe_implementation.snapshotters.postgres import quoted
from diagnostics.safe_implementation.snapshotters.postgres_tools import connect, rows, server_of, value

_LOCK_TIMEOUT = "5s"
_NAME_LIMIT = 63
_METHODS = ("btree", "hash", "gin", "gist", "brin", "spgist")
_ROWS_PER_SECOND = 300_000


class CreateIndex:
    """``CREATE INDEX CONCURRENTLY``; subject: ``table``, ``columns`` (with commas), maybe ``method``, ``index``."""

    name = "create-index"

    def plan(self, subject: Mapping[str, str], engine_url: str | None) -> Plan:
        url = database_of(engine_url, action=self.name)
        table = wanted(subject, "table", "relation", action=self.name)
        columns = [
            part.strip().strip('"') for part in wanted(subject, "columns", "column", action=self.name).split(",")
        ]
        method = subject.get("method", "btree").lower()
        title = f"Create an index on {table} ({', '.join(columns)})"
        if method not in _METHODS:
            return not_applicable(self.name, title, f"{method!r} is no index method; valid: {', '.join(_METHODS)}.")
        with connect(server_of(url), application="diagnostics plan") as connection:
            found = rows(
                connection,
                "SELECT n.nspname::text, c.relname::text, greatest(c.reltuples, 0)::bigint, "
                "pg_table_size(c.oid)::bigint, c.oid::bigint "
                "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
                "WHERE c.oid = to_regclass(%s) AND c.relkind IN ('r', 'm')",
                (table,),
            )
            if not found:
                reason = (
                    f"There is no plain table {table}; an index on a partitioned table is made partition by partition."
                )
                return not_applicable(self.name, title, reason)
            schema, relation, tuples, size, oid = found[0]
            have = {
                name
                for (name,) in rows(
                    connection,
                    "SELECT attname::text FROM pg_catalog.pg_attribute WHERE attrelid = %s AND attnum > 0 "
                    "AND NOT attisdropped",
                    (oid,),
                )
            }
            unknown = [column for column in columns if column not in have]
            if unknown:
                return not_applicable(self.name, title, f"{table} has no column {', '.join(unknown)}.")
            name = subject.get("index") or ("ix_" + "_".join([relation, *columns]))[:_NAME_LIMIT]
            covered = _covering(connection, oid, columns, method)
        if covered:
            return not_applicable(self.name, title, f"The valid index {covered} begins with these columns already.")
        target = quoted(schema, relation)
        listed = ", ".join(quoted(column) for column in columns)
        create = f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {quoted(name)} ON {target} USING {method} ({listed})"
        drop = f"DROP INDEX CONCURRENTLY IF EXISTS {quoted(schema, name)}"
        seconds = 10 + 3 * tuples / _ROWS_PER_SECOND
        return Plan(
            action=self.name,
            title=title,
            steps=(
                f"Drop a left-over invalid index {name}, if there is one.",
                f"Create {name} concurrently: reads and writes go on; it waits for transactions that are open now.",
                "Check that it is valid; drop it when it is not.",
            ),
            commands=(f"SET lock_timeout = '{_LOCK_TIMEOUT}'", create),
            undo_commands=(drop,),
            dry_run=f"{schema}.{relation}: about {tuples} rows, {size / 1e6:.1f} MB; "
            f"the index takes about {0.3 * size / 1e6:.1f} MB.",
            parameters={"url": url, "create": create, "drop": drop, "schema": schema, "index": name},
            risk_inputs={
                "sql": create, "database_changes": True, "largest_table_rows": int(tuples), "lock_timeout": True,
                "verification_function_given": True,
            },
            timeout_seconds=max(300.0, 10 * seconds),
        )  # fmt: skip

    def prepare(self, plan: Plan) -> Mapping[str, str]:
        given = plan.parameters
        with connect(server_of(given["url"]), application="diagnostics change") as connection:
            existed = _validity(connection, given["schema"], given["index"]) is True
        return {**{key: given[key] for key in ("url", "drop", "schema", "index")}, "existed": str(existed)}

    def apply(self, plan: Plan) -> str:
        given = plan.parameters
        with connect(server_of(given["url"]), application="diagnostics change") as connection:
            rows(connection, f"SET lock_timeout = '{_LOCK_TIMEOUT}'")
            rows(connection, f"SET statement_timeout = '{int(plan.timeout_seconds)}s'")
            if _validity(connection, given["schema"], given["index"]) is False:
                rows(connection, given["drop"])
            try:
                rows(connection, given["create"])
            except Exception as error:
                left = _drop_invalid(connection, given)
                raise ApplyError(
                    f"The index could not be created: {str(error).strip().splitlines()[0]}.{left}"
                ) from error
            valid = _validity(connection, given["schema"], given["index"])
            if valid is False:
                _drop_invalid(connection, given)
            refuse(valid is not True, f"The index {given['index']} did not become valid and was dropped.")
        return f"Index {given['index']} is there and valid."

    def undo(self, data: Mapping[str, str]) -> str:
        if data["existed"] == "True":
            return f"Index {data['index']} was there before and stays."
        try:
            with connect(server_of(data["url"]), application="diagnostics change") as connection:
                # A killed client's server process may still be building it.
                _end_builders(connection, data["index"])
                rows(connection, f"SET lock_timeout = '{_LOCK_TIMEOUT}'")
                rows(connection, data["drop"])
        except Exception as error:
            raise RollbackError(
                f"The index {data['index']} could not be dropped: {str(error).strip().splitlines()[0]}.",
                hint=f"By hand: {data['drop']};",
            ) from error
        return f"Index {data['index']} is dropped."


def _covering(connection: Any, oid: int, columns: list[str], method: str) -> str:
    """Return a valid, whole index that begins with these columns, or an empty text."""
    found = rows(
        connection,
        "SELECT i.indexrelid::regclass::text, ARRAY(SELECT a.attname::text FROM unnest(i.indkey) WITH "
        "ORDINALITY k(n, o) "
        "JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.n ORDER BY k.o) "
        "FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid "
        "JOIN pg_catalog.pg_am m ON m.oid = c.relam "
        "WHERE i.indrelid = %s AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL AND m.amname = "
        "%s",
        (oid, method),
    )
    return next((str(name) for name, names in found if list(names)[: len(columns)] == columns), "")


def _validity(connection: Any, schema: str, index: str) -> bool | None:
    answer = value(
        connection,
        "SELECT i.indisvalid AND i.indisready FROM pg_catalog.pg_index i WHERE i.indexrelid = to_regclass(%s)",
        (quoted(schema, index),),
    )
    return None if answer is None else bool(answer)


def _drop_invalid(connection: Any, given: Mapping[str, str]) -> str:
    if _validity(connection, given["schema"], given["index"]) is not False:
        return ""
    try:
        rows(connection, "SET statement_timeout = 0")
        rows(connection, given["drop"])
    except Exception as error:  # noqa: BLE001 - the first error is the one to tell; the rollback tries again
        return f" The invalid index is left: {str(error).strip().splitlines()[0]}."
    return " The invalid index was dropped."


def _end_builders(connection: Any, index: str) -> None:
    rows(
        connection,
        "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE application_name "
        "= "
        "'diagnostics change' AND pid <> pg_catalog.pg_backend_pid() AND state = 'active' AND query ILIKE "
        "'CREATE INDEX%%' "
        "AND strpos(query, %s) > 0",
        (quoted(index),),
    )
