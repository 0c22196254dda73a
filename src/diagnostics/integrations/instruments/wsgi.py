"""Middleware for WSGI: as ``asgi``, with one difference: the request ends when its answer has been read or closed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from time import perf_counter
from typing import Any

from diagnostics.core_diagnostics.correlation import Binding, bind_traceparent
from diagnostics.core_diagnostics.logger import DiagnosticLogger, default_logger
from diagnostics.integrations.instruments.asgi import identifier
from diagnostics.integrations.instruments.events import emit

Environ = dict[str, Any]
Route = Callable[[Environ], str | None]


def flask_route(environ: Environ) -> str | None:
    """Return the pattern of the route that Flask found; asked while the request is at work. Flask is not imported."""
    flask = sys.modules.get("flask")
    if flask is None or not flask.has_request_context():
        return None
    rule = flask.request.url_rule
    return None if rule is None else str(rule.rule)


class DiagnosticMiddleware:
    """Wraps a WSGI application: ``app.wsgi_app = DiagnosticMiddleware(app.wsgi_app, logger)``.

    Args:
        app: What is wrapped.
        logger: Who logs; None takes the default logger.
        route: Tells the pattern of the route from the environment; ids in names would fill the memory.
    """

    def __init__(
        self, app: Callable[..., Iterable[bytes]], logger: DiagnosticLogger | None = None, route: Route = flask_route
    ) -> None:
        self.app = app
        self.logger = logger or default_logger()
        self.route = route

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Run the application for one request."""
        request = _Request(self, environ)

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            request.status = int(status[:3])
            request.name = self.route(environ) or request.name
            return start_response(status, [*headers, ("X-Correlation-ID", request.binding.correlation_id)], *error)

        try:
            request.answer = self.app(environ, start)
        except BaseException as error:
            request.finish(error)
            raise
        return request


class _Request:
    """The answer of one request; iterating and closing it are those of the application's."""

    def __init__(self, middleware: DiagnosticMiddleware, environ: Environ) -> None:
        self.middleware = middleware
        self.environ = environ
        self.status = 0
        self.answer: Iterable[bytes] = ()
        self.began = perf_counter()
        self.over = False
        self.name = "(other)"
        given = environ.get("HTTP_X_REQUEST_ID") or environ.get("HTTP_X_CORRELATION_ID")
        self.binding: Binding = bind_traceparent(
            environ.get("HTTP_TRACEPARENT"),
            correlation_id=identifier(given),
            sampling=middleware.logger.sampling,
        )

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self.answer
        except Exception as error:
            self.finish(error)
            raise

    def close(self) -> None:
        """Close the answer; then the request is over."""
        try:
            close = getattr(self.answer, "close", None)
            if close is not None:
                close()
        finally:
            self.finish(None)

    def finish(self, error: BaseException | None) -> None:
        """Make the event, once."""
        if self.over:
            return
        self.over = True
        method = self.environ.get("REQUEST_METHOD", "GET")
        emit(
            self.middleware.logger,
            "request",
            f"{method} {self.name}",
            seconds=perf_counter() - self.began,
            level="ERROR" if self.status >= 500 or isinstance(error, Exception) else "INFO",
            error=error,
            fields={
                "http.request.method": method,
                "http.response.status_code": self.status,
                "url.path": self.environ.get("PATH_INFO", ""),
            },
        )
        self.binding.release()
