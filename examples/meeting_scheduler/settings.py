"""What the service is told by its environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class SettingsError(Exception):
    """A variable is missing or makes no sense."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings, checked once at the start."""

    database_url: str
    pool_size: int = 5
    max_overflow: int = 5
    pool_timeout: float = 5.0
    pool_pre_ping: bool = True
    statement_timeout: float = 0.0

    calendar_url: str = "https://www.googleapis.com/calendar/v3"
    calendar_token_url: str = "https://oauth2.googleapis.com/token"
    calendar_client_id: str = ""
    calendar_client_secret: str = ""
    calendar_refresh_token: str = ""
    telegram_url: str = "https://api.telegram.org"
    telegram_token: str = ""
    ca_file: str = ""
    http_timeout: float = 3.0
    http_pool_size: int = 20

    upload_dir: Path = Path("uploads")
    log_file: Path = Path("meeting_scheduler.log")
    log_level: str = "INFO"
    worker_threads: int = 20
    reminder_interval: float = 1.0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the settings from the environment.

        Raises:
            SettingsError: The database is not named, or a number is not a number.
        """
        given = os.environ if environment is None else environment
        values: dict[str, object] = {}
        for name, kind in cls._kinds().items():
            text = given.get(name.upper(), "")
            if text == "":
                continue
            try:
                values[name] = kind(text)
            except ValueError as error:
                raise SettingsError(f"{name.upper()} is {text!r}: {error}") from error
        if "database_url" not in values:
            raise SettingsError("DATABASE_URL is not set")
        return cls(**values)  # type: ignore[arg-type]

    @classmethod
    def _kinds(cls) -> dict[str, type]:
        kinds = {"str": str, "int": int, "float": float, "bool": _boolean, "Path": Path}
        return {name: kinds[str(kind)] for name, kind in cls.__annotations__.items()}  # type: ignore[misc]


def _boolean(text: str) -> bool:
    if text.lower() in ("1", "true", "yes", "on"):
        return True
    if text.lower() in ("0", "false", "no", "off"):
        return False
    raise ValueError("neither true nor false")
