"""The application: its parts put together."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, g, jsonify, request
from werkzeug.exceptions import HTTPException

from .clients.carrier import Carrier
from .clients.geocoder import Geocoder
from .db import Database
from .errors import BadInput, Conflict, NotFound, Unauthorized, UpstreamError
from .instruments import request_context
from .parcels import Parcels
from .settings import Settings
from .tokens import Tokens
from .views import api

log = logging.getLogger("parcels.app")


def create_app(settings: Settings | None = None) -> Flask:
    """Return the application; every worker makes its own."""
    settings = settings or Settings.load()
    settings.upload_dir.mkdir(parents=True, exist_ok=True)
    app = Flask("parcels")
    app.config["MAX_CONTENT_LENGTH"] = 5_000_000
    database, carrier = Database(settings), Carrier(settings)
    app.extensions.update(
        settings=settings,
        database=database,
        carrier=carrier,
        tokens=Tokens(database, settings),
        parcels=Parcels(database, carrier, Geocoder(settings), settings.upload_dir),
    )
    app.register_blueprint(api)
    app.before_request(_enter_context)
    app.teardown_request(_leave_context)
    for kind, status in ((NotFound, 404), (Conflict, 409), (BadInput, 400), (Unauthorized, 401)):
        app.register_error_handler(kind, _answer(status))
    app.register_error_handler(UpstreamError, _answer_upstream)
    app.register_error_handler(Exception, _answer_500)
    log.info("Ready with up to %d connections", settings.pool_size)
    return app


def _enter_context() -> None:
    g.context = request_context(request.headers)
    g.context.__enter__()


def _leave_context(error: BaseException | None) -> None:
    if "context" in g:
        g.pop("context").__exit__(None, None, None)


def _answer(status: int) -> Any:
    def handle(error: Exception) -> Any:
        if status == 401:
            cause = error.__cause__
            log.warning("%s %s refused: %s%s", request.method, request.path, error, f" ({cause!r})" if cause else "")
        return jsonify(error=str(error)), status

    return handle


def _answer_upstream(error: UpstreamError) -> Any:
    log.error("%s %s: %s", request.method, request.path, error, exc_info=error)
    headers = {"retry-after": error.retry_after} if error.retry_after else {}
    return jsonify(error=f"{error.service} failed"), error.status, headers


def _answer_500(error: Exception) -> Any:
    if isinstance(error, HTTPException):
        return jsonify(error=error.description), error.code
    log.error("Exception on %s [%s]", request.path, request.method, exc_info=error)
    return jsonify(error="internal error"), 500
