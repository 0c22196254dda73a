"""End a session, or cancel its query: only if it is still the same one, doing the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diagnostics.errors import ApplyError
from diagnostics.model.change import Plan
from diagnostics.runtime.clock import SYSTEM_CLOCK
from diagnostics.safe_implementation.actions.base import (
    database_of,
    not_applicable,
    refuse,
    shown_sql,
    wanted,
)
from diagnostics.safe_implementation.snapshotters.postgres_tools import connect, rows, server_of, value

_GONE_WITHIN_SECONDS = 10.0
_POLL_SECONDS = 0.05
_LOOK = (
    "SELECT backend_start::text, xact_start::text, query_start::text, state, coalesce(query, ''), "
    "coalesce(application_name, ''), coalesce(usename::text, ''), backend_type, coalesce(datname::text, ''), "
    "extract(epoch FROM clock_timestamp() - xact_start)::float8, "
    "(SELECT count(*) FROM pg_catalog.pg_stat_activity w WHERE a.pid = "
    "ANY(pg_catalog.pg_blocking_pids(w.pid))) "
    "FROM pg_catalog.pg_stat_activity a WHERE pid = %s"
)
#: The guard of both: the process number is given again by the system, so its start has to match too.
_GUARD = (
    "FROM pg_catalog.pg_stat_activity WHERE pid = %s AND backend_start::text = %s AND pid <> "
    "pg_catalog.pg_backend_pid() "
    "AND backend_type = 'client backend' AND state IS NOT DISTINCT FROM %s "
)


def _look(connection: Any, pid: int) -> dict[str, Any] | None:
    found = rows(connection, _LOOK, (pid,))
    if not found:
        return None
    names = (
        "backend_start", "xact_start", "query_start", "state", "query", "application", "user", "backend_type",
        "database", "xact_age", "waiters",
    )  # fmt: skip
    return dict(zip(names, found[0], strict=True))


class _SessionAction:
    """What ending and cancelling have in common."""

    name = ""
    _title = ""
    _call = ""
    _pinned = ""
    _lost = ""

    def plan(self, subject: Mapping[str, str], engine_url: str | None) -> Plan:
        url = database_of(engine_url, action=self.name)
        pid = int(wanted(subject, "backend_pid", "blocker_pid", "pid", action=self.name))
        title = f"{self._title} {pid}"
        with connect(server_of(url), application="diagnostics plan") as connection:
            session = _look(connection, pid)
        if session is None:
            return not_applicable(self.name, title, f"There is no session {pid} any more, so there is nothing to do.")
        if session["backend_type"] != "client backend":
            reason = f"{pid} is a {session['backend_type']}, not a client's session; ending it would harm the server."
            return not_applicable(self.name, title, reason)
        refusal = self._not_for(session)
        if refusal:
            return not_applicable(self.name, title, f"Session {pid}: {refusal}")
        age = f", transaction open for {session['xact_age']:.0f} s" if session["xact_age"] is not None else ""
        who = (
            f"{session['application'] or 'unnamed application'} (user {session['user']}, database "
            f"{session['database']})"
        )
        command = f"SELECT {self._call}({pid}) -- only if backend_start = {session['backend_start']}"
        return Plan(
            action=self.name,
            title=title,
            steps=(
                f"Look again: session {pid} of {who} must still be the same one and still {session['state']}.",
                f"{self._call}({pid}).",
                "Wait until it has taken effect.",
            ),
            commands=(command,),
            dry_run=f"{who}, {session['state']}{age}, {session['waiters']} sessions wait for it; "
            f"last statement: {shown_sql(session['query'])}",
            irreversible=True,
            irreversible_reason=self._lost,
            parameters={
                "url": url,
                "pid": str(pid),
                "backend_start": session["backend_start"],
                "pinned": session[self._pinned] or "",
                "state": session["state"] or "",
            },
            risk_inputs={"irreversible": False, "verification_function_given": True},
            timeout_seconds=60.0,
        )

    def _not_for(self, session: Mapping[str, Any]) -> str:
        return ""

    def prepare(self, plan: Plan) -> Mapping[str, str]:
        return {"pid": plan.parameters["pid"]}

    def apply(self, plan: Plan) -> str:
        given = plan.parameters
        pid, pinned = int(given["pid"]), given["pinned"] or None
        with connect(server_of(given["url"]), application="diagnostics change") as connection:
            try:
                answer = value(
                    connection,
                    f"SELECT pg_catalog.{self._call}(pid) {_GUARD} AND {self._pinned}::text IS NOT DISTINCT FROM %s",  # noqa: S608 - ours
                    (pid, given["backend_start"], given["state"] or None, pinned),
                )
            except Exception as error:
                raise ApplyError(
                    f"The server refused: {str(error).strip().splitlines()[0]}.",
                    hint="It needs membership in pg_signal_backend, or in the role of the session; for a "
                    "superuser's, superuser.",
                ) from error
            refuse(answer is None, f"Session {pid} is no longer the one that was planned for; it was left alone.")
            refuse(not answer, f"Session {pid} could not be signalled.")
            return self._wait(connection, pid, given)

    def _wait(self, connection: Any, pid: int, given: Mapping[str, str]) -> str:
        deadline = SYSTEM_CLOCK.monotonic() + _GONE_WITHIN_SECONDS
        while SYSTEM_CLOCK.monotonic() < deadline:
            session = _look(connection, pid)
            if session is None or self._has_ended(session, given):
                return f"{self._title} {pid}: done."
            SYSTEM_CLOCK.sleep(_POLL_SECONDS)
        raise ApplyError(f"Session {pid} was signalled and has not reacted within {_GONE_WITHIN_SECONDS:.0f} s.")

    def _has_ended(self, session: Mapping[str, Any], given: Mapping[str, str]) -> bool:
        return bool(session["backend_start"] != given["backend_start"])

    def undo(self, data: Mapping[str, str]) -> str:
        return f"Session {data['pid']}: what was ended stays ended, as announced; the client connects anew."


class TerminateSession(_SessionAction):
    """End a session; its open transaction is rolled back by the server."""

    name = "terminate-session"
    _title = "End the session"
    _call = "pg_terminate_backend"
    _pinned = "xact_start"
    _lost = (
        "The session's open transaction is rolled back by the server and its work is lost; the client "
        "must connect anew."
    )


class CancelQuery(_SessionAction):
    """Cancel the running statement of a session; the session stays."""

    name = "cancel-query"
    _title = "Cancel the statement of session"
    _call = "pg_cancel_backend"
    _pinned = "query_start"
    _lost = "The running statement fails for its client, and its transaction with it."

    def _not_for(self, session: Mapping[str, Any]) -> str:
        if session["state"] == "active":
            return ""
        return f"it is {session['state']} and runs no statement; to end its transaction, use terminate-session."

    def _has_ended(self, session: Mapping[str, Any], given: Mapping[str, str]) -> bool:
        return bool(session["state"] != "active" or session["query_start"] != given["pinned"])
