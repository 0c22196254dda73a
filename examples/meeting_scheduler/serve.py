"""Run the service: `python -m meeting_scheduler.serve --port 8000`."""

from __future__ import annotations

import argparse
import logging
import sys

import uvicorn

from .app import create_app
from .logs import configure_logging
from .settings import Settings, SettingsError


def main() -> int:
    """Serve until we are told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    try:
        settings = Settings.from_environment()
    except SettingsError as error:
        print(f"meeting_scheduler: {error}", file=sys.stderr)
        return 2
    configure_logging(settings)
    try:
        uvicorn.run(
            create_app(settings),
            host=options.host,
            port=options.port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=3,
        )
    except Exception:
        logging.getLogger("meeting_scheduler.app").exception("The service did not start")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
