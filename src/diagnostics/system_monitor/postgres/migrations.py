"""Compare the database's revision with the migrations in the code."""

from __future__ import annotations

import configparser
import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from diagnostics.model.observation import FailureKind, Observation, Unit
from diagnostics.system_monitor.postgres.readings import failure, reading
from diagnostics.system_monitor.postgres.revisions import (
    Revision,
    final_schema,
    heads,
    missing,
    ordered,
    parse_revision,
    state_of,
)
from diagnostics.system_monitor.postgres.session import Session

MOST_FILES = 2000
MOST_FOLDERS = 4000
MOST_BYTES = 1_000_000
MOST_MISSING = 40
_SKIPPED = frozenset(
    [
        ".git",
        ".hg",
        ".venv",
        "venv",
        "env",
        "node_modules",
        "__pycache__",
        "site-packages",
        ".tox",
        ".mypy_cache",
        ".ruff_cache",
        "build",
        "dist",
        ".nox",
    ]
)
_DJANGO_FILE = re.compile(r"^\d{4}_\w+\.py$")


def walk(root: Path) -> Iterable[tuple[Path, list[str], list[str]]]:
    """Yield folders of a repository, without those that hold no code of its own; bounded."""
    for count, (folder, folders, files) in enumerate(os.walk(root)):
        if count >= MOST_FOLDERS:
            return
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        yield Path(folder), folders, files


def find_versions(migrations: Path | None, repository: Path | None) -> Path | None:
    """Return the folder that holds Alembic's revision files."""
    if migrations is not None:
        return (
            migrations / "versions"
            if (migrations / "versions").is_dir()
            else migrations
            if migrations.is_dir()
            else None
        )
    if repository is None or not repository.is_dir():
        return None
    found: list[Path] = []
    for folder, folders, files in walk(repository):
        if "alembic.ini" in files:
            named = _script_location(folder / "alembic.ini")
            if named is not None and (named / "versions").is_dir():
                return named / "versions"
        if "env.py" in files and "versions" in folders:
            found.append(folder / "versions")
    return min(found, key=lambda path: len(path.parts)) if found else None


def _script_location(ini: Path) -> Path | None:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(ini, encoding="utf-8")
        text = parser.get("alembic", "script_location")
    except (configparser.Error, OSError, UnicodeDecodeError):
        return None
    text = text.replace("%(here)s", str(ini.parent)).replace("%%", "%").strip()
    return ini.parent / text


def read_revisions(versions: Path) -> dict[str, Revision]:
    """Return the revisions of a folder by name."""
    found: dict[str, Revision] = {}
    for path in sorted(versions.rglob("*.py"))[:MOST_FILES]:
        text = _read(path)
        item = parse_revision(text) if "revision" in text else None
        if item is not None:
            found[item.revision] = item
    return found


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def in_history(versions: Path, revisions: Iterable[str]) -> bool:
    """Return whether git once had a migration file of that revision.

    Then the code went back; the database did not go astray.
    """
    names = [name for name in revisions if re.fullmatch(r"[\w.-]+", name)]
    if not names:
        return False
    patterns = [f":(glob)*{name}*.py" for name in names]
    command = ["git", "-C", str(versions), "log", "--all", "--format=%h", "-n", "1", "--", *patterns]
    environment = os.environ | {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(command, capture_output=True, timeout=3, check=False, env=environment)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and bool(done.stdout.strip())


def observe_migrations(
    session: Session, migrations: Path | None, repository: Path | None, at: datetime
) -> Iterable[Observation]:
    """Yield the state of Alembic's or Django's migrations, and what the schema lacks."""
    tables = {row["name"]: row for row in session.query("migration_tables")}
    versions = find_versions(migrations, repository)
    if versions is not None:
        revisions = read_revisions(versions)
        if revisions:
            yield from _alembic(session, tables.get("alembic_version"), revisions, versions, at)
    if "django_migrations" in tables and repository is not None and repository.is_dir():
        yield from _django(session, tables["django_migrations"]["schema"], repository, at)


def _alembic(
    session: Session,
    table: Mapping[str, object] | None,
    revisions: Mapping[str, Revision],
    versions: Path,
    at: datetime,
) -> Iterable[Observation]:
    source = "alembic_version, migration files"
    tops = "+".join(heads(revisions))
    if table is None:
        yield from reading(
            "postgres.migration",
            1,
            Unit.BOOLEAN,
            at,
            source,
            database_revision="",
            code_heads=tops,
            state="no_table",
        )
    elif not table["readable"]:
        yield failure(
            "postgres.migration",
            FailureKind.FORBIDDEN,
            "alembic_version cannot be read",
            at,
            hint="GRANT SELECT ON alembic_version to the diagnosing role",
            sqlstate="42501",
        )
    else:
        rows = session.rows(f'SELECT version_num FROM "{table["schema"]}".alembic_version LIMIT 50')  # noqa: S608 - a name from the catalogue
        current = sorted(str(row["version_num"]) for row in rows)
        unknown = set(current) - set(revisions)
        state = state_of(current, revisions, known_elsewhere=bool(unknown) and in_history(versions, unknown))
        yield from reading(
            "postgres.migration",
            1,
            Unit.BOOLEAN,
            at,
            source,
            database_revision="+".join(current),
            code_heads=tops,
            state=state,
        )
    wanted = final_schema(ordered(revisions))
    present = {row["table"]: set(row["columns"]) for row in session.query("columns", {"tables": sorted(wanted)})}
    for name, column in missing(wanted, present)[:MOST_MISSING]:
        yield from reading(
            "postgres.model.missing",
            1,
            Unit.BOOLEAN,
            at,
            "migration files, pg_attribute",
            table=name,
            column=column,
        )


def _django(session: Session, schema: str, repository: Path, at: datetime) -> Iterable[Observation]:
    rows = session.rows(f'SELECT app, name FROM "{schema}".django_migrations LIMIT 5000')  # noqa: S608 - a name from the catalogue
    applied = {(row["app"], row["name"]) for row in rows}
    lately = session.rows(
        f"SELECT app, name, extract(epoch FROM clock_timestamp() - applied)::float8 AS age"  # noqa: S608 - a name from the catalogue
        f' FROM "{schema}".django_migrations ORDER BY id DESC LIMIT 3'
    )
    for row in lately:
        revision = f"{row['app']}.{row['name']}"
        yield from reading(
            "postgres.migration.applied", row["age"], Unit.SECONDS, at, "django_migrations", revision=revision
        )
    files = {
        (folder.parent.name, name[:-3])
        for folder, _, names in walk(repository)
        if folder.name == "migrations"
        for name in names
        if _DJANGO_FILE.match(name)
    }
    if not files:
        return
    apps = {app for app, _ in files}
    pending = sorted(files - applied)
    unknown = sorted(item for item in applied - files if item[0] in apps)
    state = "behind" if pending else "unknown_revision" if unknown else "current"
    newest = {app: max((name for a, name in applied if a == app), default="") for app in apps}
    yield from reading(
        "postgres.migration",
        1,
        Unit.BOOLEAN,
        at,
        "django_migrations, migration files",
        database_revision="+".join(f"{app}.{name}" for app, name in sorted(newest.items()) if name),
        code_heads="+".join(f"{app}.{name}" for app, name in pending[:5])
        or "+".join(f"{app}.{max(n for a, n in files if a == app)}" for app in sorted(apps)),
        state=state,
    )
