"""Middleware for ASGI: the id of the work comes in and goes out with each request; a request is an event."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from time import perf_counter
from typing import Any

from diagnostics.core_diagnostics.correlation import bind_traceparent
from diagnostics.core_diagnostics.logger import DiagnosticLogger, default_logger
from diagnostics.integrations.instruments.events import emit

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
_ID = b"x-correlation-id"


class DiagnosticMiddleware:
    """Wraps an ASGI application (Starlette: ``app.add_middleware(DiagnosticMiddleware, logger=logger)``).

    ``traceparent`` (W3C) or ``X-Request-ID`` of the caller name the work, else a new id; the answer says it in
    ``X-Correlation-ID``. The event is named after the route, so that names stay few. Bodies are neither read nor kept.

    Args:
        app: What is wrapped.
        logger: Who logs; None takes the default logger.
    """

    def __init__(self, app: App, logger: DiagnosticLogger | None = None) -> None:
        self.app = app
        self.logger = logger or default_logger()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application for one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = {bytes(name).lower(): bytes(value) for name, value in scope.get("headers", ())}
        given = headers.get(b"x-request-id") or headers.get(_ID)
        began, status = perf_counter(), 0
        binding = bind_traceparent(
            _text(headers.get(b"traceparent")), correlation_id=identifier(_text(given)), sampling=self.logger.sampling
        )

        async def tell(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                sent = [*message.get("headers", ()), (_ID, binding.correlation_id.encode("latin-1", "replace"))]
                message = {**message, "headers": sent}
            elif message["type"] == "websocket.close":
                status = int(message.get("code") or 0)
            await send(message)

        failure: BaseException | None = None
        try:
            await self.app(scope, receive, tell)
        except BaseException as error:
            failure = error
            raise
        finally:
            self._log(scope, status, perf_counter() - began, failure)
            binding.release()

    def _log(self, scope: Scope, status: int, seconds: float, failure: BaseException | None) -> None:
        method = scope.get("method", scope["type"].upper())
        failed = failure is not None and isinstance(failure, Exception)
        emit(
            self.logger,
            "request",
            f"{method} {route_of(scope)}",
            seconds=seconds,
            level="ERROR" if (status >= 500 and scope["type"] == "http") or failed else "INFO",
            error=failure,
            fields={
                "http.request.method": method,
                "http.response.status_code": status,
                "url.path": scope.get("path", ""),
            },
        )


def route_of(scope: Scope) -> str:
    """Return the pattern of the route, where the framework tells it; else ``(other)``: paths hold ids."""
    route = scope.get("route")
    path = getattr(route, "path", None)
    return str(scope.get("root_path", "")) + str(path) if path else "(other)"


def identifier(text: str | None) -> str | None:
    """Return an id that came from elsewhere when it is one: short and printable, since it goes into logs and headers."""
    return text if text and len(text) <= 128 and text.isascii() and text.isprintable() else None


def _text(raw: bytes | None) -> str | None:
    return None if raw is None else raw.decode("latin-1")
