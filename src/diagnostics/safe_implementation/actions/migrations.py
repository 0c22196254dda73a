"""Run the migrations that are missing, under a lock timeout; undo goes down to the revision that was there."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diagnostics.errors import ApplyError, RollbackError
from diagnostics.model.change import Plan
from diagnostics.runtime.redaction import redact, shorten
from diagnostics.safe_implementation.actions.alembic_runner import HEADS_MARK, PARENT_VARIABLE, URL_VARIABLE
from diagnostics.safe_implementation.actions.base import database_of, not_applicable, wanted
from diagnostics.safe_implementation.actions.commands import run
from diagnostics.safe_implementation.snapshotters.postgres_tools import connect, rows, server_of, value

_RUNNER = "diagnostics.safe_implementation.actions.alembic_runner"
_LOCK_TIMEOUT = "5s"
_TIMEOUT_SECONDS = 600.0
_SQL_LIMIT = 8000
_NO_CHANGE = ("BEGIN", "COMMIT")


def _alembic(scripts: str, url: str, command: str, revision: str, *, timeout: float = _TIMEOUT_SECONDS) -> str:
    """Run an Alembic command; settings that libpq reads hold for whatever connection ``env.py`` opens."""
    environment = {
        URL_VARIABLE: url,
        PARENT_VARIABLE: str(os.getpid()),
        "DATABASE_URL": url,
        "PGOPTIONS": f"-c lock_timeout={_LOCK_TIMEOUT}",
        "PGAPPNAME": "diagnostics change",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    folder = Path(scripts)
    place = next((p for p in (folder, folder.parent) if (p / "alembic.ini").is_file()), folder.parent)
    return run([sys.executable, "-m", _RUNNER, str(folder.resolve()), command, revision], cwd=place,
               environment=environment, timeout=timeout)[1]  # fmt: skip


def find_scripts(place: str) -> Path | None:
    """Return the folder that holds ``env.py`` and ``versions``, searched in a repository."""
    root = Path(place)
    if (root / "env.py").is_file() and (root / "versions").is_dir():
        return root
    found = [path.parent for path in root.glob("*/env.py")] + [path.parent for path in root.glob("*/*/env.py")]
    found += [path.parent for path in root.glob("*/*/*/env.py")]
    return next((folder for folder in sorted(found) if (folder / "versions").is_dir()), None)


def _revision(connection: Any) -> str | None:
    if value(connection, "SELECT to_regclass('alembic_version')") is None:
        return None
    found = rows(connection, "SELECT version_num FROM alembic_version")
    return ",".join(sorted(str(row[0]) for row in found)) or None


class RunMigrations:
    """Subject: ``migrations`` (the folder with ``versions``) or ``repository``; optionally ``revision`` (``head``)."""

    name = "run-migrations"

    def plan(self, subject: Mapping[str, str], engine_url: str | None) -> Plan:
        url = database_of(engine_url, action=self.name)
        given = wanted(subject, "migrations", "repository", "repo", action=self.name)
        target = subject.get("revision") or "head"
        title = f"Run the missing migrations up to {target}"
        scripts = find_scripts(given)
        if scripts is None:
            return not_applicable(self.name, title, f"No Alembic folder (env.py and versions) was found in {given}.")
        scripts = scripts.resolve()  # a later process, elsewhere, may have to undo it
        with connect(server_of(url), application="diagnostics plan") as connection:
            current = _revision(connection)
        try:
            output = _alembic(str(scripts), url, "plan", f"{current or 'base'}:{target}", timeout=120)
        except ApplyError as error:
            return not_applicable(self.name, title, f"Alembic cannot say what it would do: {error}")
        rest = output.partition(HEADS_MARK)[2]
        first, _, sql = rest.partition("\n")
        heads = first.split()
        if target == "head" and current in heads and len(heads) == 1:
            return not_applicable(self.name, title, f"The database is at {current} already, which is the head.")
        if len(heads) > 1 and target == "head":
            return not_applicable(
                self.name, title, f"There are several heads ({', '.join(heads)}); a person has to merge them."
            )
        statements = "\n".join(line for line in sql.splitlines() if not line.startswith(("INFO", "--")))
        down = current or "base"
        return Plan(
            action=self.name,
            title=title,
            steps=(
                f"alembic upgrade {target}, from {down}, with lock_timeout {_LOCK_TIMEOUT}.",
                "Check that the database is at the new revision.",
            ),
            commands=tuple(part for part in map(str.strip, statements.split(";\n")) if part and part not in _NO_CHANGE),
            undo_commands=(f"alembic downgrade {down}",),
            dry_run=shorten(redact(statements), _SQL_LIMIT),
            parameters={
                "url": url, "scripts": str(scripts), "target": target, "from": down, "head": heads[0] if heads else "",
            },
            risk_inputs={
                "sql": statements, "database_changes": True, "lock_timeout": True, "verification_function_given": True,
            },
            timeout_seconds=_TIMEOUT_SECONDS,
        )  # fmt: skip

    def prepare(self, plan: Plan) -> Mapping[str, str]:
        return dict(plan.parameters)

    def apply(self, plan: Plan) -> str:
        given = plan.parameters
        with connect(server_of(given["url"]), application="diagnostics change") as connection:
            now = _revision(connection) or "base"
        if now != given["from"]:
            raise ApplyError(f"The database has moved from {given['from']} to {now} since it was planned.")
        _alembic(given["scripts"], given["url"], "upgrade", given["target"])
        with connect(server_of(given["url"]), application="diagnostics change") as connection:
            after = _revision(connection) or "base"
        if given["target"] == "head" and after != given["head"]:
            raise ApplyError(f"After the upgrade the database is at {after}, not at {given['head']}.")
        return f"The database went from {given['from']} to {after}."

    def undo(self, data: Mapping[str, str]) -> str:
        try:
            with connect(server_of(data["url"]), application="diagnostics change") as connection:
                # A killed upgrade's server process may still be at work.
                rows(
                    connection,
                    "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE "
                    "application_name = "
                    "'diagnostics change' AND pid <> pg_catalog.pg_backend_pid() AND datname = "
                    "current_database()",
                )
                now = _revision(connection) or "base"
            if now == data["from"]:
                return f"The database is at {now}, as before."
            _alembic(data["scripts"], data["url"], "downgrade", data["from"])
            with connect(server_of(data["url"]), application="diagnostics change") as connection:
                after = _revision(connection) or "base"
        except ApplyError as error:
            raise RollbackError(
                f"The downgrade to {data['from']} failed: {error}",
                hint=f"By hand: alembic downgrade {data['from']}",
            ) from error
        if after != data["from"]:
            raise RollbackError(f"After the downgrade the database is at {after}, not at {data['from']}.")
        return f"The database is back at {after}."
