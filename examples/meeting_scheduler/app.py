"""The application: its parts put together."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from .db import Database
from .errors import ConflictError, ExternalServiceError, NotFoundError
from .instruments import close_instruments
from .logs import AccessLog, configure_logging
from .routes import router
from .services.attachments import Attachments
from .services.calendar import GoogleCalendar
from .services.meetings import Meetings
from .services.telegram import Telegram
from .settings import Settings
from .worker import ReminderWorker

logger = logging.getLogger("meeting_scheduler.app")
error_logger = logging.getLogger("meeting_scheduler.errors")


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the application; nothing is connected before it starts."""
    settings = settings or Settings.from_environment()
    configure_logging(settings)
    app = FastAPI(title="Meeting Scheduler", lifespan=_lifespan)
    app.state.settings = settings
    app.include_router(router)
    app.add_middleware(AccessLog)
    app.exception_handler(NotFoundError)(_answer_not_found)
    app.exception_handler(ConflictError)(_answer_conflict)
    app.exception_handler(ExternalServiceError)(_answer_external_error)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    anyio.to_thread.current_default_thread_limiter().total_tokens = settings.worker_threads
    settings.upload_dir.mkdir(parents=True, exist_ok=True)
    database = Database.connect(settings)
    calendar, telegram = GoogleCalendar(settings), Telegram(settings)
    app.state.calendar = calendar
    app.state.meetings = Meetings(database, calendar, telegram)
    app.state.attachments = Attachments(database, settings.upload_dir)
    worker = ReminderWorker(database, telegram, settings.reminder_interval)
    worker.start()
    logger.info("Started with a pool of %d+%d connections", settings.pool_size, settings.max_overflow)
    try:
        yield
    finally:
        worker.stop()
        await calendar.close_async()
        calendar.close()
        telegram.close()
        database.close()
        close_instruments()
        logger.info("Stopped")


async def _answer_not_found(request: Request, error: NotFoundError) -> JSONResponse:
    return JSONResponse({"detail": f"{error} not found"}, status_code=404)


async def _answer_conflict(request: Request, error: ConflictError) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, status_code=409)


async def _answer_external_error(request: Request, error: ExternalServiceError) -> JSONResponse:
    error_logger.error("%s %s: %s", request.method, request.url.path, error, exc_info=error)
    headers = {"retry-after": str(round(error.retry_after))} if error.retry_after else None
    return JSONResponse({"detail": f"{error.service} failed"}, status_code=error.status, headers=headers)
