"""One answer, in the shape that whichever web framework asks will accept."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from diagnostics.post_solution_monitoring.web.body import MEDIA_TYPE

StartResponse = Callable[[str, list[tuple[str, str]]], Any]


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

    def __init__(self, answer: Answer, endpoint: Callable[..., Any]) -> None:
        self.status_code = answer.status
        self.body = answer.body
        self.headers: Mapping[str, str] = dict(answer.headers)
        self._endpoint = endpoint

    def __call__(self, *args: Any) -> Any:
        return self._endpoint(*args)


def is_asgi_scope(value: object) -> bool:
    """Return whether this is the one argument of an ASGI 2 call, for which some servers take a plain object."""
    return isinstance(value, dict) and "type" in value and "wsgi.version" not in value


def run_wsgi(answer: Answer, environ: Mapping[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Send the answer as a WSGI application."""
    start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", answer.headers)
    return [b""] if environ.get("REQUEST_METHOD") == "HEAD" else [answer.body]


def current_flask_headers() -> Mapping[str, str] | None:
    """Return the headers of the Flask request that is being handled; None outside of one."""
    flask = sys.modules.get("flask")
    if flask is None or not flask.has_request_context():
        return None
    headers: Mapping[str, str] = flask.request.headers
    return headers


def for_current_framework(answer: Answer, endpoint: Callable[..., Any]) -> Any:
    """Return the answer as a response object of the framework that is calling.

    Args:
        answer: What to answer.
        endpoint: Asked anew when the response is taken for an application: servers call what they are given
            once, to see whether it is a factory, and would serve this one answer for ever.
    """
    flask = sys.modules.get("flask")
    if flask is not None and flask.has_request_context():
        return flask.current_app.response_class(answer.body, status=answer.status, headers=answer.headers)
    if "starlette.responses" in sys.modules:  # FastAPI hands on nothing but Starlette's own responses
        return starlette_response(answer, endpoint)
    return HealthResponse(answer, endpoint)


_starlette_class: Any = None


def starlette_response(answer: Answer, endpoint: Callable[..., Any]) -> Any:
    """Return a Starlette response."""
    global _starlette_class
    if _starlette_class is None:
        from starlette.responses import Response

        class StarletteHealthResponse(Response):
            media_type = MEDIA_TYPE
            endpoint: Callable[..., Any]

            def __call__(self, *args: Any) -> Any:
                if len(args) == 3 and "app" in args[0]:  # within an application of Starlette
                    return super().__call__(*args)
                return self.endpoint(*args)

        _starlette_class = StarletteHealthResponse
    response = _starlette_class(answer.body, status_code=answer.status, headers={"cache-control": "no-store"})
    response.endpoint = endpoint
    return response


def django_response(answer: Answer) -> Any:
    """Return a Django response."""
    from django.http import HttpResponse  # type: ignore[import-not-found,unused-ignore]

    response = HttpResponse(answer.body, status=answer.status, content_type=MEDIA_TYPE)
    response["Cache-Control"] = "no-store"
    return response
