"""One log file for all workers: `[time] [process] [LEVEL] logger: message`, as gunicorn writes."""

from __future__ import annotations

import os
from typing import Any

FORMAT = "[%(asctime)s] [%(process)d] [%(levelname)s] %(name)s: %(message)s"


def logging_configuration(log_file: str | os.PathLike[str], level: str) -> dict[str, Any]:
    """Return the configuration for `logging.config.dictConfig`."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"format": FORMAT, "datefmt": "%Y-%m-%d %H:%M:%S %z"}},
        "handlers": {
            "file": {"class": "logging.FileHandler", "filename": str(log_file), "formatter": "lines"},
        },
        "root": {"level": level, "handlers": ["file"]},
        "loggers": {
            "gunicorn.error": {"level": level, "handlers": [], "propagate": True},
            "gunicorn.access": {"level": "INFO", "handlers": [], "propagate": True},
        },
    }
