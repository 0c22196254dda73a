"""One answer, in the shape that whichever web framework asks will accept."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from diagnostics.post_solution_monitoring.web.body import MEDIA_TYPE

StartResponse = Callable[[str, list[tuple[str, str]]], Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body, ready to be sent."""

    status: int
    body: bytes
    allow: str = ""

    @property
    def headers(self) -> list[tuple[str, str]]:
        headers = [
            ("Content-Type", MEDIA_TYPE),
            ("Content-Length", str(len(self.body))),
            ("Cache-Control", "no-store"),
        ]
        return [*headers, ("Allow", self.allow)] if self.allow else headers

    def asgi_start(self) -> dict[str, Any]:
        """Return the first message of an ASGI answer."""
        headers = [(name.lower().encode(), value.encode()) for name, value in self.headers]
        return {"type": "http.response.start", "status": self.status, "headers": headers}


class HealthResponse:
    """A response for whoever knows no framework: a WSGI and an ASGI application, its parts as attributes."""

    media_type = MEDIA_TYPE

    def __init__(self, answer: Answer) -> None:
        self.status_code = answer.status
        self.body = answer.body
        self.headers: Mapping[str, str] = dict(answer.headers)
        self._answer = answer

    def __call__(self, *args: Any) -> Any:
        return run(self._answer, *args)


def run(answer: Answer, *args: Any) -> Any:
    """Send the answer as a WSGI application (two arguments) or an ASGI application (three)."""
    if len(args) == 2:
        return _wsgi(answer, *args)
    if len(args) == 3:
        return _asgi(answer, args[2])
    raise TypeError(f"a response is called with (environ, start_response) or (scope, receive, send), not {len(args)}")


def _wsgi(answer: Answer, environ: Mapping[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", answer.headers)
    return [b""] if environ.get("REQUEST_METHOD") == "HEAD" else [answer.body]


async def _asgi(answer: Answer, send: Send) -> None:
    await send(answer.asgi_start())
    await send({"type": "http.response.body", "body": answer.body})


def current_flask_headers() -> Mapping[str, str] | None:
    """Return the headers of the Flask request that is being handled; None outside of one."""
    flask = sys.modules.get("flask")
    if flask is None or not flask.has_request_context():
        return None
    headers: Mapping[str, str] = flask.request.headers
    return headers


def for_current_framework(answer: Answer) -> Any:
    """Return the answer as a response object of the framework that is calling."""
    flask = sys.modules.get("flask")
    if flask is not None and flask.has_request_context():
        return flask.current_app.response_class(answer.body, status=answer.status, headers=answer.headers)
    if "starlette.responses" in sys.modules:  # FastAPI hands on nothing but Starlette's own responses
        return starlette_response(answer)
    return HealthResponse(answer)


_starlette_class: Any = None


def starlette_response(answer: Answer) -> Any:
    """Return a Starlette response, which is a WSGI application as well."""
    global _starlette_class
    if _starlette_class is None:
        from starlette.responses import Response

        class StarletteHealthResponse(Response):
            media_type = MEDIA_TYPE

            def __call__(self, *args: Any) -> Any:
                if len(args) == 2:
                    return _wsgi(Answer(self.status_code, bytes(self.body)), *args)
                return super().__call__(*args)

        _starlette_class = StarletteHealthResponse
    headers = {"cache-control": "no-store"}
    return _starlette_class(answer.body, status_code=answer.status, headers=headers)


def django_response(answer: Answer) -> Any:
    """Return a Django response."""
    from django.http import HttpResponse  # type: ignore[import-not-found,unused-ignore]

    response = HttpResponse(answer.body, status=answer.status, content_type=MEDIA_TYPE)
    response["Cache-Control"] = "no-store"
    return response
