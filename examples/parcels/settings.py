"""What the service is told by its environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class ConfigurationError(Exception):
    """A variable is missing or makes no sense."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings, read when a worker boots."""

    database_url: str
    pool_size: int = 3  # each worker has its own
    pool_pre_ping: bool = True
    statement_timeout: float = 0.0

    carrier_url: str = "https://api.carrier.example/v2"
    carrier_api_key: str = ""
    carrier_webhook_secret: str = ""
    geocoder_url: str = "https://geocode.example"
    ca_file: str = ""
    http_timeout: float = 3.0

    jwt_secret: str = ""
    jwt_lifetime: float = 3600.0

    upload_dir: Path = Path("photos")
    log_file: Path = Path("parcels.log")
    log_level: str = "INFO"

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read the environment.

        Raises:
            ConfigurationError: Something needed is not there, or a number is not a number.
        """
        values = {
            name: convert(name, environment[name.upper()])
            for name in cls.__dataclass_fields__
            if environment.get(name.upper())
        }
        for name in ("database_url", "jwt_secret"):
            if name not in values:
                raise ConfigurationError(f"environment variable {name.upper()} is missing")
        return cls(**values)


def convert(name: str, text: str) -> object:
    """Return the value of a variable in the type of its setting."""
    kind = Settings.__annotations__[name]
    try:
        if kind == "int":
            return int(text)
        if kind == "float":
            return float(text)
    except ValueError as error:
        raise ConfigurationError(f"environment variable {name.upper()}: {error}") from error
    if kind == "bool":
        return text.lower() in ("1", "true", "yes", "on")
    return Path(text) if kind == "Path" else text
