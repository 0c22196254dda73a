"""The log file: one line for each request, tracebacks for what failed."""

from __future__ import annotations

import json
import logging
import time
from typing import Any

from .instruments import request_context
from .settings import Settings

access_logger = logging.getLogger("meeting_scheduler.access")
error_logger = logging.getLogger("meeting_scheduler.errors")

_INTERNAL_ERROR = json.dumps({"detail": "Internal Server Error"}).encode()


def configure_logging(settings: Settings) -> None:
    """Send everything to the log file."""
    settings.log_file.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(settings.log_file, encoding="utf-8")
    formatter = logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=settings.log_level.upper(), force=True)
    logging.captureWarnings(True)
    for noisy in ("httpx2", "httpcore2", "uvicorn.access"):
        # They would write one line more for each request, with Telegram's token in the address.
        logging.getLogger(noisy).setLevel(logging.WARNING)


class AccessLog:
    """ASGI middleware: writes the access line and turns surprises into a logged 500."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 0

        async def watch(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            with request_context(scope["headers"]):
                await self.app(scope, receive, watch)
        except Exception:
            error_logger.exception("Unhandled error in %s %s", scope["method"], scope["path"])
            if status == 0:
                await _answer_500(watch)
        finally:
            duration = (time.perf_counter() - started) * 1000
            access_logger.info('"%s %s" %d %.1fms', scope["method"], scope["path"], status or 499, duration)


async def _answer_500(send: Any) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(_INTERNAL_ERROR)).encode()),
    ]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": _INTERNAL_ERROR})
