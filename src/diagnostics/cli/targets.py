"""The flags that say what may be looked at, shared by run, record, check, watch and apply."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click

from diagnostics.cli.options import option
from diagnostics.errors import ConfigurationError
from diagnostics.model.target import Target
from diagnostics.system_monitor.probes.redis_queues import is_redis

F = TypeVar("F", bound=Callable[..., Any])

#: What cannot be read is a line under "could not look", not wrong usage: the rest can still be looked at.
_ANY_PATH = click.Path(path_type=Path, readable=False)

_OPTIONS = (
    option(
        "--pid",
        "pids",
        type=click.IntRange(min=1),
        multiple=True,
        metavar="PID",
        envvar="DIAGNOSE_PID",
        help="Process of the application; repeatable.",
    ),
    option(
        "--db",
        metavar="URL",
        envvar="DIAGNOSE_DB",
        help="PostgreSQL URL of the application (or DIAGNOSE_DB, which keeps it out of the process list).",
    ),
    option("--url", metavar="BASE_URL", envvar="DIAGNOSE_URL", help="Base URL of the sick service itself."),
    option(
        "--service",
        "services",
        multiple=True,
        metavar="URL",
        envvar="DIAGNOSE_SERVICE",
        help="Service that the application depends on, HTTP or redis://; repeatable.",
    ),
    option(
        "--log",
        "logs",
        multiple=True,
        type=_ANY_PATH,
        metavar="FILE",
        envvar="DIAGNOSE_LOG",
        help="Log file; repeatable.",
    ),
    option(
        "--repo",
        type=_ANY_PATH,
        metavar="DIR",
        envvar="DIAGNOSE_REPO",
        help="Git working copy of the application.",
    ),
    option(
        "--migrations",
        type=_ANY_PATH,
        metavar="DIR",
        envvar="DIAGNOSE_MIGRATIONS",
        help="Alembic folder; found in --repo when not given.",
    ),
    option(
        "--path",
        "paths",
        multiple=True,
        type=_ANY_PATH,
        metavar="PATH",
        envvar="DIAGNOSE_PATH",
        help="Folder or file that the application needs; repeatable.",
    ),
)


def target_options(command: F) -> F:
    """Add the flags of a target to a command; it receives them as keyword arguments."""
    for add in reversed(_OPTIONS):
        command = add(command)
    return command


def target_from(
    *,
    pids: tuple[int, ...] = (),
    db: str | None = None,
    url: str | None = None,
    services: tuple[str, ...] = (),
    logs: tuple[Path, ...] = (),
    repo: Path | None = None,
    migrations: Path | None = None,
    paths: tuple[Path, ...] = (),
    name: str = "",
) -> Target:
    """Return the target that the flags describe.

    Raises:
        ConfigurationError: A URL is none; says what it should look like.
    """
    if db is not None:
        _check_database(db)
    for flag, value in (("--url", url), *(("--service", s) for s in services)):
        if value is None or _is_http(value) or (flag == "--service" and is_redis(value)):
            continue
        raise ConfigurationError(f"{flag} is not an HTTP URL.", hint="It looks like http://127.0.0.1:8000")
    return Target(
        name=name,
        pids=tuple(dict.fromkeys(pids)),
        database_url=db,
        url=url.rstrip("/") if url else None,
        services=services,
        logs=logs,
        repository=repo,
        migrations=migrations,
        paths=paths,
    )


def _check_database(url: str) -> None:
    hint = "It looks like postgresql://user:password@host:5432/database"
    try:
        parts = urlsplit(url)
        kind = parts.scheme.split("+")[0]
        _ = parts.port
    except ValueError as error:
        raise ConfigurationError(f"--db is not a database URL: {_reason(error)}.", hint=hint) from error
    if kind in ("postgresql", "postgres"):
        return
    if kind in ("sqlite", "mysql", "mariadb", "oracle", "mssql", "mongodb", "redis"):
        raise ConfigurationError(
            f"--db names a {kind} database; only PostgreSQL can be looked at.",
            hint="Leave out --db: everything else is looked at all the same.",
        )
    raise ConfigurationError("--db is not a PostgreSQL URL.", hint=hint)


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _reason(error: ValueError) -> str:
    """Return what is wrong with a URL; never the part of it, which may be a password."""
    return "its port is no number from 0 to 65535" if "ort" in str(error) else "it cannot be read"
