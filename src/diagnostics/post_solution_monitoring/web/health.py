"""create_health_endpoint: one object that any Python web framework can serve as the health of the service."""

from __future__ import annotations

import functools
import hmac
import json
import logging
import threading
import weakref
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from diagnostics.model.health import HealthReport
from diagnostics.post_solution_monitoring.web.body import Page, body_of, is_started, status_code
from diagnostics.post_solution_monitoring.web.responses import (
    Answer,
    current_flask_headers,
    django_response,
    for_current_framework,
    is_asgi_scope,
    run_wsgi,
    starlette_response,
)

if TYPE_CHECKING:
    import inspect

    from diagnostics.post_solution_monitoring.monitor import PostSolutionMonitor

_log = logging.getLogger(__name__)

Headers = Mapping[str, str]
Authorise = Callable[[Headers], bool]

_PATHS = {"livez": Page.LIVE, "readyz": Page.READY, "startupz": Page.STARTUP}
_NOT_ALLOWED = Answer(405, b'{"status": "fail", "output": "GET or HEAD"}', allow="GET, HEAD")
_BROKEN = Answer(503, b'{"status": "fail", "output": "the health could not be determined"}')


class _Shared:
    """What all pages of one monitor have in common."""

    def __init__(self, monitor: PostSolutionMonitor, detail_token: str | None, authorise: Authorise | None) -> None:
        self.monitor = monitor
        self.detail_token = detail_token
        self.authorise = authorise
        self.draining = False
        self.has_started = False
        self.made: dict[tuple[Page, bool], tuple[HealthReport, bool, Answer]] = {}

    def is_allowed(self, headers: Headers | None) -> bool:
        """Return whether the asker may see reasons and numbers."""
        if headers is None:
            return False
        try:
            if self.authorise is not None and self.authorise(headers):
                return True
            if self.detail_token:
                given = headers.get("Authorization") or headers.get("authorization") or ""
                return hmac.compare_digest(given.encode(), f"Bearer {self.detail_token}".encode())
        except Exception:  # noqa: BLE001 - whoever cannot be checked is not let in
            _log.exception("health.authorise_failed")
        return False

    def answer(self, page: Page, headers: Headers | None) -> Answer:
        """Return the answer; encoded once for each report."""
        detailed = (self.detail_token is not None or self.authorise is not None) and self.is_allowed(headers)
        try:
            report = self.monitor.get_current_health()
            made = self.made.get((page, detailed))
            if made is not None and made[0] is report and made[1] is self.draining:
                return made[2]
            return self._make(page, report, detailed=detailed)
        except Exception:  # noqa: BLE001 - a health page that raises would be a false answer of another kind
            _log.exception("health.page_failed")
            return _BROKEN

    def _make(self, page: Page, report: HealthReport, *, detailed: bool) -> Answer:
        draining = self.draining
        self.has_started = self.has_started or is_started(report)
        code = status_code(page, report, draining=draining, has_started=self.has_started)
        body = body_of(page, report, code, detailed=detailed, draining=draining)
        answer = Answer(code, json.dumps(body, ensure_ascii=False).encode())
        self.made[page, detailed] = (report, draining, answer)
        return answer


class HealthEndpoint:
    """The health of a service, for any framework.

    - ``endpoint()`` in a Flask or FastAPI view returns a response with its own status code;
    - the endpoint itself is a WSGI application, an ASGI application and a Django view; ``endpoint.aiohttp``
      is a handler for aiohttp;
    - ``endpoint.asgi`` is the ASGI application without the other faces, for ``uvicorn.run``;
    - ``endpoint.live``, ``.ready`` and ``.startup`` are endpoints for the three probes of Kubernetes; as an
      application, the endpoint serves them under ``/livez``, ``/readyz`` and ``/startupz`` as well.

    It answers 200 while the service may get traffic and 503 when it fails, or when nothing is known.
    """

    def __init__(self, shared: _Shared, page: Page = Page.HEALTH) -> None:
        self._shared = shared
        self._page = page
        self.asgi = AsgiApplication(self)
        if page is Page.HEALTH:
            self.live = HealthEndpoint(shared, Page.LIVE)
            self.ready = HealthEndpoint(shared, Page.READY)
            self.startup = HealthEndpoint(shared, Page.STARTUP)

    __name__ = "health"

    @property
    def __signature__(self) -> inspect.Signature:
        """Without parameters, so that FastAPI asks the client for none."""
        import inspect

        return inspect.Signature()

    @property
    def monitor(self) -> PostSolutionMonitor:
        return self._shared.monitor

    def drain(self) -> None:
        """Be not ready from now on: called before the service stops, so that traffic goes elsewhere first."""
        self._shared.draining = True

    def __call__(self, *args: Any) -> Any:
        """Answer a view (no argument), a Django or Starlette request (one), WSGI (two) or ASGI (three)."""
        if not args:
            return for_current_framework(self._shared.answer(self._page, current_flask_headers()), self)
        if len(args) == 1:
            if is_asgi_scope(args[0]):
                return functools.partial(self.asgi, args[0])
            answer = self._shared.answer(self._page, getattr(args[0], "headers", None))
            is_starlette = hasattr(args[0], "scope") and not hasattr(args[0], "META")
            return starlette_response(answer, self) if is_starlette else django_response(answer)
        if len(args) == 2:
            return run_wsgi(self._wsgi_answer(args[0]), *args)
        if len(args) == 3:
            return self.asgi(*args)
        raise TypeError(f"a health endpoint takes up to three arguments, not {len(args)}")

    async def aiohttp(self, request: Any) -> Any:
        """Answer to a request of aiohttp."""
        from aiohttp import web  # type: ignore[import-not-found,unused-ignore]

        answer = await self.answer_async(self._page, request.headers)
        headers = dict(answer.headers)
        headers.pop("Content-Length")
        return web.Response(body=answer.body, status=answer.status, headers=headers)

    @property
    def reads_headers(self) -> bool:
        """Whether the headers of a request matter."""
        return self._shared.detail_token is not None or self._shared.authorise is not None

    def page_at(self, path: str) -> Page:
        """Return what is asked at this path."""
        if self._page is not Page.HEALTH:
            return self._page
        return _PATHS.get(path.rstrip("/").rpartition("/")[2], Page.HEALTH)

    def _wsgi_answer(self, environ: Mapping[str, Any]) -> Answer:
        if environ.get("REQUEST_METHOD", "GET") not in ("GET", "HEAD"):
            return _NOT_ALLOWED
        headers = {"Authorization": environ.get("HTTP_AUTHORIZATION", "")}
        if self._shared.authorise is not None:
            headers |= {
                key[5:].replace("_", "-").title(): str(value)
                for key, value in environ.items()
                if key.startswith("HTTP_")
            }
        path = f"{environ.get('SCRIPT_NAME', '')}{environ.get('PATH_INFO', '')}"
        return self._shared.answer(self.page_at(path), headers)

    async def answer_async(self, page: Page, headers: Headers | None) -> Answer:
        """Return the answer; checks that have to run first do so off the event loop."""
        if self._shared.monitor.would_run_checks:
            import asyncio

            return await asyncio.to_thread(self._shared.answer, page, headers)
        return self._shared.answer(page, headers)


class AsgiApplication:
    """The endpoint as an ASGI 3 application and nothing else: the shortest way for a server of its own."""

    def __init__(self, endpoint: HealthEndpoint) -> None:
        self._endpoint = endpoint

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await _other_than_http(scope["type"], receive, send)
            return
        endpoint = self._endpoint
        method = scope.get("method", "GET")
        if method not in ("GET", "HEAD"):
            answer = _NOT_ALLOWED
        else:
            headers = None
            if endpoint.reads_headers:
                headers = {k.decode("latin-1").title(): v.decode("latin-1") for k, v in scope["headers"]}
            answer = await endpoint.answer_async(endpoint.page_at(scope["path"]), headers)
        await send(answer.asgi_start())
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else answer.body})


async def _other_than_http(kind: str, receive: Any, send: Any) -> None:
    if kind == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1000})
    elif kind == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return


_endpoints: weakref.WeakKeyDictionary[Any, dict[Any, HealthEndpoint]] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def create_health_endpoint(
    monitor: PostSolutionMonitor, *, detail_token: str | None = None, authorise: Authorise | None = None
) -> HealthEndpoint:
    """Return the endpoint of a monitor: always the same one, so this may be called for each request.

    Args:
        monitor: What is asked. When it was never started, asking runs its checks, every ten seconds at most.
        detail_token: Who sends ``Authorization: Bearer <token>`` sees reasons, numbers and alerts too.
        authorise: Decides by the headers who sees them.

    Example::

        health_check = create_health_endpoint(monitor)

        @app.route("/health")
        def health():
            return health_check()
    """
    with _lock:
        known = _endpoints.setdefault(monitor, {})
        key = (detail_token, authorise)
        if key not in known:
            known[key] = HealthEndpoint(_Shared(monitor, detail_token, authorise))
        return known[key]
