"""The flags that say what may be looked at, shared by run, record, check, watch and apply."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click

from diagnostics.errors import ConfigurationError
from diagnostics.model.target import Target

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--pid",
        "pids",
        type=click.IntRange(min=1),
        multiple=True,
        metavar="PID",
        help="Process of the application; repeatable.",
    ),
    click.option(
        "--db",
        metavar="URL",
        help="PostgreSQL URL of the application (or DIAGNOSE_DB, which keeps it out of the process list).",
    ),
    click.option("--url", metavar="BASE_URL", help="Base URL of the sick service itself."),
    click.option(
        "--service",
        "services",
        multiple=True,
        metavar="URL",
        help="Service that the application depends on; repeatable.",
    ),
    click.option(
        "--log",
        "logs",
        multiple=True,
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Log file; repeatable.",
    ),
    click.option("--repo", type=click.Path(path_type=Path), metavar="DIR", help="Git working copy of the application."),
    click.option(
        "--migrations",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Alembic folder; found in --repo when not given.",
    ),
    click.option(
        "--path",
        "paths",
        multiple=True,
        type=click.Path(path_type=Path),
        metavar="PATH",
        help="Folder or file that the application needs; repeatable.",
    ),
)


def target_options(command: F) -> F:
    """Add the flags of a target to a command; it receives them as keyword arguments."""
    for option in reversed(_OPTIONS):
        command = option(command)
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
    if db is not None and urlsplit(db).scheme.split("+")[0] not in ("postgresql", "postgres"):
        raise ConfigurationError(
            "--db is not a PostgreSQL URL.",
            hint="It looks like postgresql://user:password@host:5432/database",
        )
    for flag, value in (("--url", url), *(("--service", s) for s in services)):
        if value is not None and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname):
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
