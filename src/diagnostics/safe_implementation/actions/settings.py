"""Change a PostgreSQL setting and reload: of the server, of a database, of a role; also connection limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from diagnostics.errors import ApplyError, RollbackError
from diagnostics.model.change import Plan
from diagnostics.runtime.clock import SYSTEM_CLOCK
from diagnostics.safe_implementation.actions.base import database_of, not_applicable, wanted
from diagnostics.safe_implementation.snapshotters.postgres import quoted
from diagnostics.safe_implementation.snapshotters.postgres_tools import connect, rows, server_of, value

_LIMIT = "connection_limit"
_SECRET = re.compile(r"passw|secret|conninfo|ssl_.*command", re.IGNORECASE)
_SEEN_WITHIN_SECONDS = 5.0
_POLL_SECONDS = 0.1
#: Of lists the server keeps every element apart; quoting the whole would make one element of it.
_LIST_SETTINGS = frozenset(
    {"search_path", "shared_preload_libraries", "session_preload_libraries", "local_preload_libraries",
     "temp_tablespaces",
     "datestyle", "listen_addresses", "unix_socket_directories", "log_destination", "synchronous_standby_names"}
)  # fmt: skip


def _literal(connection: Any, text: str) -> str:
    return str(value(connection, "SELECT quote_literal(%s::text)", (text,)))


def _target(scope: str, who: str) -> str:
    return {"system": "SYSTEM", "database": f"DATABASE {quoted(who)}", "role": f"ROLE {quoted(who)}"}[scope]


class SetPostgresSetting:
    """Subject: ``setting``, ``value``, ``scope``, and the name of the ``database`` or ``role``.

    An empty value, or ``default``, resets; the scope is ``system``, ``database`` or ``role``.
    """

    name = "set-postgres-setting"

    def plan(self, subject: Mapping[str, str], engine_url: str | None) -> Plan:
        url = database_of(engine_url, action=self.name)
        setting = wanted(subject, "setting", action=self.name).lower()
        new = subject.get("value", subject.get("to", ""))
        scope = subject.get("scope") or (
            "role" if subject.get("role") else "database" if subject.get("database") else "system"
        )
        title = f"Set {setting} to {new or 'its default'}"
        if scope not in ("system", "database", "role"):
            return not_applicable(self.name, title, f"{scope!r} is no scope; valid: system, database, role.")
        with connect(server_of(url), application="diagnostics plan") as connection:
            who = subject.get(scope, "")
            if scope == "database":
                who = who or str(value(connection, "SELECT current_database()"))
            elif scope == "role":
                who = who or str(value(connection, "SELECT current_user"))
            if setting == _LIMIT:
                return self._limit_plan(connection, url, scope, who, new)
            known = rows(
                connection,
                "SELECT setting, coalesce(unit, ''), context, vartype, coalesce(min_val, ''), "
                "coalesce(max_val, ''), "
                "coalesce(enumvals::text, ''), source FROM pg_catalog.pg_settings WHERE name = %s",
                (setting,),
            )
            if not known:
                return not_applicable(self.name, title, f"The server knows no setting {setting}.")
            now, unit, context, _, low, high, choices, source = known[0]
            refusal = self._refusal(setting, scope, context)
            if refusal:
                return not_applicable(self.name, title, refusal)
            old = _stored(connection, setting, scope, who)
            target = _target(scope, who)
            forward = _statement(connection, target, setting, new or None)
            backward = _statement(connection, target, setting, old)
        reload = ("SELECT pg_reload_conf()",) if scope == "system" else ()
        restart = context == "postmaster"
        effect = (
            "It takes effect at the next restart of the server only." if restart
            else "It takes effect at once." if scope == "system"
            else "It takes effect for new sessions; sessions that are open keep the old value."
        )  # fmt: skip
        bounds = f"; allowed {low} to {high}" if low else f"; allowed {choices}" if choices else ""
        return Plan(
            action=self.name,
            title=title,
            steps=(f"{forward}.", *(["Reload the configuration."] if reload else []), effect),
            commands=(forward, *reload),
            undo_commands=(backward, *reload),
            dry_run=f"{setting} is {now}{unit} now (source {source}){bounds}",
            parameters={
                "url": url, "forward": forward, "backward": backward, "reload": str(bool(reload)), "setting": setting,
                "expect": "" if restart or scope != "system" else new,
            },
            risk_inputs={
                "sql": forward, "database_changes": True, "lock_timeout": True, "environment": True,
                "service_restart_required": restart, "verification_function_given": True,
            },
            timeout_seconds=60.0,
        )  # fmt: skip

    def _refusal(self, setting: str, scope: str, context: str) -> str:
        if _SECRET.search(setting):
            return f"{setting} may hold a secret; change it by hand."
        if context == "internal":
            return f"{setting} is fixed when the server is built or initialised."
        if scope != "system" and context in ("postmaster", "sighup"):
            return f"{setting} can only be set for the whole server (scope system)."
        return ""

    def _limit_plan(self, connection: Any, url: str, scope: str, who: str, new: str) -> Plan:
        title = f"Set the connection limit of {scope} {who} to {new or '-1'}"
        query = {
            "database": "SELECT datconnlimit FROM pg_catalog.pg_database WHERE datname = %s",
            "role": "SELECT rolconnlimit FROM pg_catalog.pg_roles WHERE rolname = %s",
        }.get(scope)
        if query is None:
            return not_applicable(
                self.name,
                title,
                "A connection limit belongs to a database or a role; for the server set max_connections.",
            )
        old = value(connection, query, (who,))
        if old is None:
            return not_applicable(self.name, title, f"There is no {scope} {who}.")
        limit = int(new or -1)
        target = _target(scope, who)
        forward, backward = (
            f"ALTER {target} CONNECTION LIMIT {limit}",
            f"ALTER {target} CONNECTION LIMIT {old}",
        )
        return Plan(
            action=self.name,
            title=title,
            steps=(f"{forward}.", "It counts for new sessions."),
            commands=(forward,),
            undo_commands=(backward,),
            dry_run=f"the limit of {scope} {who} is {old} now (-1 is none)",
            parameters={
                "url": url,
                "forward": forward,
                "backward": backward,
                "reload": "False",
                "setting": _LIMIT,
                "expect": "",
            },
            risk_inputs={
                "sql": forward,
                "database_changes": True,
                "lock_timeout": True,
                "verification_function_given": True,
            },
            timeout_seconds=60.0,
        )

    def prepare(self, plan: Plan) -> Mapping[str, str]:
        return {key: plan.parameters[key] for key in ("url", "backward", "reload", "setting")}

    def apply(self, plan: Plan) -> str:
        given = plan.parameters
        try:
            with connect(server_of(given["url"]), application="diagnostics change") as connection:
                rows(connection, given["forward"])
                if given["reload"] == "True":
                    _reload(connection)
        except Exception as error:
            raise ApplyError(
                f"The server refused: {str(error).strip().splitlines()[0]}.",
                hint="ALTER SYSTEM needs superuser; for a database or a role its owner may be enough.",
            ) from error
        if given["expect"]:
            _wait_until_seen(given["url"], given["setting"], given["expect"])
        return f"{given['forward']}: done."

    def undo(self, data: Mapping[str, str]) -> str:
        try:
            with connect(server_of(data["url"]), application="diagnostics change") as connection:
                rows(connection, data["backward"])
                if data["reload"] == "True":
                    _reload(connection)
        except Exception as error:
            raise RollbackError(
                f"{data['setting']} could not be set back: {str(error).strip().splitlines()[0]}.",
                hint=f"By hand: {data['backward']};",
            ) from error
        return f"{data['backward']}: done."


def _reload(connection: Any) -> None:
    if not value(connection, "SELECT pg_catalog.pg_reload_conf()"):
        raise ApplyError("The server could not be asked to reload its configuration.")


def _wait_until_seen(url: str, setting: str, expected: str) -> None:
    """Wait until a new session sees the value, whatever unit it is written in."""
    deadline = SYSTEM_CLOCK.monotonic() + _SEEN_WITHIN_SECONDS
    while True:
        with connect(server_of(url), application="diagnostics change") as connection:
            seen = str(value(connection, "SELECT current_setting(%s)", (setting,)))
            source, errors = _why(connection, setting)
            same = _same_value(connection, setting, seen, expected)
        if same:
            return
        if SYSTEM_CLOCK.monotonic() > deadline:
            why = errors or (f"it is overridden by {source}" if source not in ("", "configuration file") else "")
            raise ApplyError(
                f"{setting} is {seen}, not {expected}, {_SEEN_WITHIN_SECONDS:.0f} s after the reload. {why}".strip()
            )
        SYSTEM_CLOCK.sleep(_POLL_SECONDS)


def _why(connection: Any, setting: str) -> tuple[str, str | None]:
    """Return where the present value comes from, and what is wrong with the file; empty when not allowed."""
    allowed = value(
        connection,
        "SELECT has_table_privilege('pg_catalog.pg_file_settings', 'SELECT') "
        "AND has_function_privilege('pg_catalog.pg_show_all_file_settings()', 'EXECUTE')",
    )
    if not allowed:
        return "", None
    source, errors = rows(
        connection,
        "SELECT s.source, (SELECT string_agg(f.error, '; ') FROM pg_catalog.pg_file_settings f "
        "WHERE f.name = s.name AND f.error IS NOT NULL) FROM pg_catalog.pg_settings s WHERE s.name = %s",
        (setting,),
    )[0]
    return str(source), errors


def _same_value(connection: Any, setting: str, seen: str, expected: str) -> bool:
    """Let the server itself say whether two texts are the same value, by setting the expected one for a moment."""
    if seen == expected:
        return True
    try:
        told = value(connection, "SELECT set_config(%s, %s, false)", (setting, expected))
    except Exception:  # noqa: BLE001 - not changeable in a session: compare as sizes, times and words
        number = value(connection, "SELECT setting FROM pg_catalog.pg_settings WHERE name = %s", (setting,))
        return _normal(expected) in (_normal(seen), _normal(str(number)))
    return bool(told == seen)


_WORDS = {"on": "true", "yes": "true", "1": "true", "off": "false", "no": "false", "0": "false"}
_UNITS = {
    "kb": 1024,
    "mb": 1024**2,
    "gb": 1024**3,
    "tb": 1024**4,
    "ms": 1e-3,
    "s": 1,
    "min": 60,
    "h": 3600,
    "d": 86400,
}


def _normal(text: str) -> str:
    found = re.fullmatch(r"\s*'?(-?[\d.]+)\s*(kb|mb|gb|tb|ms|s|min|h|d)'?\s*", text.lower())
    if found:
        return repr(float(found[1]) * _UNITS[found[2]])
    return _WORDS.get(text.lower().strip(), text.lower().strip())


def _stored(connection: Any, setting: str, scope: str, who: str) -> str | None:
    """Return what is set at this very place now, or None when nothing is."""
    if scope == "system":
        try:
            found = rows(
                connection,
                "SELECT setting FROM pg_catalog.pg_file_settings WHERE name = %s AND sourcefile LIKE "
                "'%%postgresql.auto.conf'",
                (setting,),
            )
        except Exception as error:
            raise ApplyError(
                "What ALTER SYSTEM has set before cannot be read, so it could not be set back.",
                hint="GRANT pg_read_all_settings is not enough; it needs superuser, or EXECUTE on "
                "pg_show_all_file_settings().",
            ) from error
        return str(found[0][0]) if found else None
    column = "setdatabase = (SELECT oid FROM pg_catalog.pg_database WHERE datname = %s) AND setrole = 0"
    if scope == "role":
        column = "setrole = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = %s) AND setdatabase = 0"
    for (item,) in rows(
        connection,
        f"SELECT unnest(setconfig) FROM pg_catalog.pg_db_role_setting WHERE {column}",  # noqa: S608 - ours
        (who,),
    ):
        name, _, text = str(item).partition("=")
        if name.lower() == setting:
            return text
    return None


def _statement(connection: Any, target: str, setting: str, new: str | None) -> str:
    name = quoted(setting) if "." not in setting else setting
    if new is None or new.lower() == "default":
        return f"ALTER {target} RESET {name}"
    if setting in _LIST_SETTINGS:
        parts = [part.strip().strip('"') for part in new.split(",")]
        return f"ALTER {target} SET {name} = {', '.join(_literal(connection, part) for part in parts)}"
    return f"ALTER {target} SET {name} = {_literal(connection, new)}"
