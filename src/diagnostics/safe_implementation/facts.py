"""Facts about a change that nobody has to be asked for: who imports the files, their history, the tables' sizes, locks.

Reads only, and says nothing about what it cannot read: an unknown input lowers the confidence of an assessment.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from diagnostics.errors import ApplyError
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock
from diagnostics.safe_implementation.actions.commands import run
from diagnostics.safe_implementation.sql_risk import classify, tables_of

_FIX = re.compile(r"\b(fix|fixe[sd]|bug|hotfix|revert|repair|correct)", re.IGNORECASE)
_LOCK_TIMEOUT = re.compile(r"\bSET\s+(LOCAL\s+|SESSION\s+)?lock_timeout\b", re.IGNORECASE)
_MOST_FILES, _MOST_BYTES = 5000, 1 << 20
_HISTORY = 100
_SKIPPED = {".git", ".venv", "venv", "node_modules", "__pycache__", "build", "dist", ".tox"}
_DAY = 86400.0


def gather(
    files: Sequence[str] = (),
    *,
    sql: Sequence[str] | None = None,
    repository: str | Path | None = None,
    database: str | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> dict[str, Any]:
    """Return what can be read, as keyword arguments of ``assessment.facts_of``.

    Args:
        files: Files that change.
        sql: Statements that are run.
        repository: Root of the code; importers, tests and history are looked for there.
        database: URL of the database; sizes and the lock timeout are read there.
        clock: Source of now, for the age of the last change.
    """
    found: dict[str, Any] = {}
    sizes = [Path(name).stat().st_size for name in files if Path(name).is_file()]
    if sizes:
        found["file_bytes"] = sum(sizes)
    if repository is not None and files:
        found |= _of_code(Path(repository), files)
        found |= _of_history(Path(repository), files, clock)
    if sql is not None:
        found["lock_timeout"] = any(_LOCK_TIMEOUT.search(text) for text in sql)
    if database is not None:
        found |= _of_database(database, sql)
    return {key: value for key, value in found.items() if value is not None}


def _of_code(root: Path, files: Sequence[str]) -> dict[str, Any]:
    """Count the modules that import one of the files, and look for tests among them."""
    names = {name for path in files if path.endswith(".py") for name in module_names(_within(root, path))}
    if not names:
        return {}
    importers = 0
    tests = False
    for path in _sources(root):
        if not names & imported(path):
            continue
        if _is_test(path):
            tests = True
        else:
            importers += 1
    return {"importing_modules": importers, "tests": tests}


def module_names(path: Path) -> list[str]:
    """Return the names by which a file may be imported: ``src/app/db.py`` is ``app.db`` and ``src.app.db``. Pure."""
    parts = list(path.with_suffix("").parts)
    if parts and parts[-1] == "__init__":
        parts.pop()
    starts = [0, 1] if len(parts) > 1 and parts[0] in ("src", "lib", "app", "backend") else [0]
    return [".".join(parts[start:]) for start in starts if parts[start:]]


def _within(root: Path, path: str) -> Path:
    place = Path(path)
    return place.relative_to(root) if place.is_absolute() and place.is_relative_to(root) else place


def _sources(root: Path) -> Iterator[Path]:
    seen = 0
    waiting = [root]
    while waiting and seen < _MOST_FILES:
        try:
            entries = sorted(waiting.pop().iterdir())
        except OSError:
            continue
        for entry in entries:
            if entry.is_dir() and not entry.is_symlink():
                if entry.name not in _SKIPPED:
                    waiting.append(entry)
            elif entry.suffix == ".py":
                seen += 1
                yield entry


def imported(path: Path) -> set[str]:
    """Return the names of the modules that a source file imports; nothing when it cannot be read or parsed."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            return set()
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return set()
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def _is_test(path: Path) -> bool:
    return path.name.startswith("test_") or path.name.endswith("_test.py") or "tests" in path.parts


def _of_history(root: Path, files: Sequence[str], clock: Clock) -> dict[str, Any]:
    command = ["git", "log", f"-{_HISTORY}", "--format=%ct %s", "--", *(str(_within(root, name)) for name in files)]
    try:
        code, output = run(command, cwd=root, timeout=15.0, check=False)
    except ApplyError:
        return {}
    commits = [line.split(" ", 1) for line in output.splitlines() if line[:1].isdigit() and " " in line]
    if code or not commits:
        return {}
    latest = max(float(moment) for moment, _ in commits)
    fixes = sum(bool(_FIX.search(subject)) for _, subject in commits)
    age = max(0.0, clock.now().timestamp() - latest) / _DAY
    return {"past_fix_share": fixes / len(commits), "days_since_last_change": age}


def _of_database(url: str, sql: Sequence[str] | None) -> dict[str, Any]:
    """Return how big the touched tables and the database are, and whether locks are waited for without end."""
    from diagnostics.safe_implementation.snapshotters.postgres_tools import connect, rows, server_of, value

    names = {table for text in sql or () for item in classify(text) for table in tables_of(item.statement)}
    found: dict[str, Any] = {}
    try:
        with connect(server_of(url), application="diagnostics plan") as connection:
            found["database_bytes"] = int(value(connection, "SELECT pg_catalog.pg_database_size(current_database())"))
            if value(connection, "SHOW lock_timeout") not in ("0", 0):
                found["lock_timeout"] = True
            sizes = [
                int(size)
                for name in sorted(names)
                for (size,) in rows(
                    connection,
                    "SELECT greatest(reltuples, 0)::bigint FROM pg_catalog.pg_class WHERE oid = to_regclass(%s)",
                    (name,),
                )
            ]
            if sizes or (sql is not None and not names):
                found["largest_table_rows"] = max(sizes, default=0)
    except Exception:  # noqa: BLE001 - a database that is away makes its facts unknown, which the assessment says
        return found
    return found
