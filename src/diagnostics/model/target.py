"""Target: what is being diagnosed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePath


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What may be looked at; whatever is missing is listed under "could not look".

    Attributes:
        name: Name of the project, for people.
        pids: Processes of the application (their children are looked at too).
        database_url: SQLAlchemy or libpq URL, with its password; never shown (``repr`` leaves it out).
        url: Base URL of the sick service itself.
        services: URLs of what it depends on: HTTP services and Redis.
        logs: Log files.
        repository: Git working copy of the application.
        migrations: Alembic folder (the one that holds ``versions``); found in the repository when not given.
        paths: Files and folders that the application needs (uploads, configuration).
    """

    name: str = ""
    pids: tuple[int, ...] = ()
    database_url: str | None = field(default=None, repr=False)
    url: str | None = None
    services: tuple[str, ...] = ()
    logs: tuple[PurePath, ...] = ()
    repository: PurePath | None = None
    migrations: PurePath | None = None
    paths: tuple[PurePath, ...] = ()
