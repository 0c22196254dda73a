"""Small cures inside PostgreSQL: a sequence behind its table, a missing right, old statistics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diagnostics.errors import ApplyError, RollbackError
from diagnostics.model.change import Plan
from diagnostics.safe_implementation.actions.base import database_of, not_applicable, wanted
from diagnostics.safe_implementation.snapshotters.postgres import quoted
from diagnostics.safe_implementation.snapshotters.postgres_tools import connect, rows, server_of, value

_LOCK_TIMEOUT = "5s"
_PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE")
_BEHIND = """
SELECT n.nspname::text, s.relname::text, a.attname::text FROM pg_catalog.pg_depend d
JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'
JOIN pg_catalog.pg_namespace n ON n.oid = s.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i') AND d.refobjid = to_regclass(%s)
"""


def _failed(what: str, error: Exception) -> str:
    return f"{what}: {str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__}."


def _table(connection: Any, name: str) -> str:
    """Return the quoted name of a table, or an empty text when there is none."""
    found = rows(
        connection,
        "SELECT n.nspname::text, c.relname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
        "ON n.oid = c.relnamespace WHERE c.oid = to_regclass(%s) AND c.relkind IN ('r', 'p', 'v', 'm', 'S')",
        (name,),
    )
    return quoted(*found[0]) if found else ""


class AdvanceSequence:
    """Set the sequence of a table's key behind its largest value; subject: ``table``."""

    name = "advance-sequence"

    def plan(self, subject: Mapping[str, str], engine_url: str | None) -> Plan:
        url = database_of(engine_url, action=self.name)
        table = wanted(subject, "table", "relation", action=self.name)
        title = f"Advance the sequence of {table}"
        with connect(server_of(url), application="diagnostics plan") as connection:
            target = _table(connection, table)
            owned = rows(connection, _BEHIND, (table,)) if target else []
            if not owned:
                return not_applicable(self.name, title, f"{table} is no table with a sequence of its own.")
            for schema, name, column in owned:
                sequence = quoted(schema, name)
                last = int(value(connection, f"SELECT last_value FROM {sequence}"))  # noqa: S608 - quoted
                largest = value(connection, f"SELECT max({quoted(column)}) FROM {target}")  # noqa: S608 - quoted
                if largest is not None and int(largest) > last:
                    return self._plan(url, title, sequence, target, quoted(column), last, int(largest))
        return not_applicable(self.name, title, f"The sequence of {table} is not behind.")

    def _plan(self, url: str, title: str, sequence: str, target: str, column: str, last: int, largest: int) -> Plan:
        forward = (
            f"SELECT setval('{sequence.replace(chr(39), chr(39) * 2)}', greatest((SELECT max({column}) FROM {target}), "  # noqa: S608 - quoted
            f"(SELECT last_value FROM {sequence})))"
        )
        return Plan(
            action=self.name,
            title=title,
            steps=("Set it to the largest value of the column; the next insert draws the one after.",),
            commands=(forward,),
            undo_commands=(f"SELECT setval('{sequence}', {last}), when nothing was drawn since",),
            dry_run=f"{sequence} is at {last}, the largest value of {column} is {largest}",
            parameters={"url": url, "forward": forward, "sequence": sequence, "table": target, "column": column},
            risk_inputs={"sql": forward, "database_changes": True, "lock_timeout": True, "is_fix": True,
                         "verification_function_given": True},
            timeout_seconds=60.0,
        )  # fmt: skip

    def prepare(self, plan: Plan) -> Mapping[str, str]:
        given = plan.parameters
        with connect(server_of(given["url"]), application="diagnostics change") as connection:
            last, called = rows(connection, f"SELECT last_value, is_called FROM {given['sequence']}")[0]  # noqa: S608 - quoted
            largest = value(connection, f"SELECT max({given['column']}) FROM {given['table']}")  # noqa: S608 - quoted
        return {"url": given["url"], "sequence": given["sequence"], "last": str(last), "called": str(called),
                "largest": str(largest)}  # fmt: skip

    def apply(self, plan: Plan) -> str:
        given = plan.parameters
        try:
            with connect(server_of(given["url"]), application="diagnostics change") as connection:
                now = value(connection, given["forward"])
        except Exception as error:
            raise ApplyError(_failed("The sequence could not be advanced", error)) from error
        return f"{given['sequence']} is at {now}."

    def undo(self, data: Mapping[str, str]) -> str:
        """Set it back, unless numbers were drawn since: they would be drawn twice."""
        sequence = data["sequence"]
        try:
            with connect(server_of(data["url"]), application="diagnostics change") as connection:
                last = int(value(connection, f"SELECT last_value FROM {sequence}"))  # noqa: S608 - quoted
                if str(last) != data["largest"]:
                    return f"{sequence} stays at {last}: it was not advanced, or was drawn from since."
                rows(
                    connection,
                    "SELECT setval(%s::regclass, %s, %s)",
                    (sequence, int(data["last"]), data["called"] == "True"),
                )
        except Exception as error:
            raise RollbackError(_failed(f"{sequence} could not be set back", error)) from error
        return f"{sequence} is at {data['last']}, as before."


class GrantPrivilege:
    """Give a role a right on a table; subject: ``role``, ``table``, ``privilege`` (SELECT, INSERT, UPDATE, DELETE)."""

    name = "grant-privilege"

    def plan(self, subject: Mapping[str, str], engine_url: str | None) -> Plan:
        url = database_of(engine_url, action=self.name)
        role = wanted(subject, "role", "user", action=self.name)
        table = wanted(subject, "table", "relation", action=self.name)
        privilege = wanted(subject, "privilege", action=self.name).upper()
        title = f"Grant {privilege} on {table} to {role}"
        if privilege not in _PRIVILEGES:
            return not_applicable(self.name, title, f"{privilege!r} is none of {', '.join(_PRIVILEGES)}.")
        with connect(server_of(url), application="diagnostics plan") as connection:
            target = _table(connection, table)
            if not target:
                return not_applicable(self.name, title, f"There is no table {table}.")
            if not value(connection, "SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = %s", (role,)):
                return not_applicable(self.name, title, f"There is no role {role}.")
            if value(connection, "SELECT has_table_privilege(%s, %s, %s)", (role, target, privilege)):
                return not_applicable(self.name, title, f"{role} has that right already.")
        forward, backward = (
            f"GRANT {privilege} ON {target} TO {quoted(role)}",
            f"REVOKE {privilege} ON {target} FROM {quoted(role)}",
        )
        return Plan(
            action=self.name,
            title=title,
            steps=(f"{forward}.", "It counts at once, for open sessions too."),
            commands=(f"SET lock_timeout = '{_LOCK_TIMEOUT}'", forward),
            undo_commands=(backward,),
            dry_run=f"{role} may not {privilege} {table} now",
            consent_reason="it widens what a role may do",
            parameters={"url": url, "forward": forward, "backward": backward},
            risk_inputs={"sql": forward, "database_changes": True, "lock_timeout": True, "is_fix": True,
                         "verification_function_given": True},
            timeout_seconds=60.0,
        )  # fmt: skip

    def prepare(self, plan: Plan) -> Mapping[str, str]:
        return {key: plan.parameters[key] for key in ("url", "backward")}

    def apply(self, plan: Plan) -> str:
        _run(plan.parameters["url"], plan.parameters["forward"], ApplyError)
        return f"{plan.parameters['forward']}: done."

    def undo(self, data: Mapping[str, str]) -> str:
        _run(data["url"], data["backward"], RollbackError)
        return f"{data['backward']}: done."


class AnalyzeTable:
    """Renew the statistics that the planner goes by; subject: ``table``."""

    name = "analyze-table"

    def plan(self, subject: Mapping[str, str], engine_url: str | None) -> Plan:
        url = database_of(engine_url, action=self.name)
        table = wanted(subject, "table", "relation", action=self.name)
        with connect(server_of(url), application="diagnostics plan") as connection:
            target = _table(connection, table)
        if not target:
            return not_applicable(self.name, f"Analyze {table}", f"There is no table {table}.")
        command = f"ANALYZE {target}"
        return Plan(
            action=self.name,
            title=f"Analyze {table}",
            steps=("Read a sample of the table and renew its statistics; reads and writes go on.",),
            commands=(f"SET lock_timeout = '{_LOCK_TIMEOUT}'", command),
            irreversible=True,
            irreversible_reason="The earlier statistics are replaced; they were a sample too.",
            parameters={"url": url, "forward": command},
            risk_inputs={"sql": command, "database_changes": True, "lock_timeout": True, "is_fix": True,
                         "verification_function_given": True},
            timeout_seconds=600.0,
        )  # fmt: skip

    def prepare(self, plan: Plan) -> Mapping[str, str]:
        return {"command": plan.parameters["forward"]}

    def apply(self, plan: Plan) -> str:
        _run(plan.parameters["url"], plan.parameters["forward"], ApplyError)
        return f"{plan.parameters['forward']}: done."

    def undo(self, data: Mapping[str, str]) -> str:
        return f"{data['command']}: the new statistics stay, as announced."


def _run(url: str, command: str, wrong: type[ApplyError | RollbackError]) -> None:
    try:
        with connect(server_of(url), application="diagnostics change") as connection:
            rows(connection, f"SET lock_timeout = '{_LOCK_TIMEOUT}'")
            rows(connection, command)
    except Exception as error:
        raise wrong(_failed(f"{command} failed", error), hint=f"By hand: {command};") from error
