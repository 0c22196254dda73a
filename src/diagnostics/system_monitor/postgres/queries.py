"""Pick the SQL file for the server's version.

Each file begins with a header: ``-- since: 130000`` (``server_version_num``), ``-- needs:`` (rights), ``--
cost:``. A query that changed between versions has several files, ``name.sql`` and ``name_170000.sql``; the
newest that the server knows is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib import resources

OLDEST_VERSION = 130000
_SUFFIX = re.compile(r"^(?P<name>.+?)_(?P<since>\d{6})$")


def choose(name: str, version: int, files: Iterable[str]) -> str:
    """Return the stem of the newest file of that query which the server understands (pure).

    Raises:
        LookupError: The server is older than every file.
    """
    best: tuple[int, str] | None = None
    for stem in files:
        match = _SUFFIX.match(stem)
        base, since = (match["name"], int(match["since"])) if match else (stem, OLDEST_VERSION)
        if base == name and since <= version and (best is None or since > best[0]):
            best = (since, stem)
    if best is None:
        raise LookupError(f"no query {name!r} for PostgreSQL {version}")
    return best[1]


@cache
def stems() -> tuple[str, ...]:
    """Return the stems of all our files."""
    folder = resources.files("diagnostics.system_monitor.postgres") / "sql"
    return tuple(sorted(item.name[:-4] for item in folder.iterdir() if item.name.endswith(".sql")))


@cache
def load(name: str, version: int) -> str:
    """Return the text of a query, without its header."""
    stem = choose(name, max(version, OLDEST_VERSION), stems())
    text = (resources.files("diagnostics.system_monitor.postgres") / "sql" / f"{stem}.sql").read_text("utf-8")
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--")).strip().rstrip(";")
