"""Clients of HTTP: phases of each call (connect, TLS, send, first byte, body) of httpx, httpx2 and requests.

The W3C context goes out with every request. Names of events are method and host: paths hold ids.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

from diagnostics.core_diagnostics.correlation import current_traceparent
from diagnostics.core_diagnostics.logger import DiagnosticLogger
from diagnostics.errors import MissingExtraError
from diagnostics.integrations.instruments.events import emit

#: Events of httpcore -> our phase.
_PHASES = {
    "connect_tcp": "connect_seconds",
    "connect_unix_socket": "connect_seconds",
    "start_tls": "tls_seconds",
    "send_request_headers": "send_seconds",
    "send_request_body": "send_seconds",
    "receive_response_headers": "first_byte_seconds",
    "receive_response_body": "body_seconds",
}


class _Call:
    """The phases of one call."""

    def __init__(self, logger: DiagnosticLogger, method: str, host: str) -> None:
        self.logger = logger
        self.name = f"{method} {host}"
        self.began = perf_counter()
        self.since: dict[str, float] = {}
        self.phases: dict[str, float] = {}
        self.told = False
        self.status: int | None = None

    def trace(self, name: str, info: Any) -> None:
        step, _, state = name.rpartition(".")
        phase = _PHASES.get(step.rpartition(".")[2])
        if phase is None:
            return
        if state == "started":
            self.since[step] = perf_counter()
        elif step in self.since:
            self.phases[phase] = self.phases.get(phase, 0.0) + perf_counter() - self.since.pop(step)
            if phase == "body_seconds":
                self.tell(None, None)

    def tell(self, status: int | None, error: BaseException | None) -> None:
        if self.told:
            return
        self.told = True
        if status is not None:
            self.status = status
        fields = {
            **self.phases,
            "reused_connection": "connect_seconds" not in self.phases,
            "http.response.status_code": self.status,
        }
        level = "ERROR" if error is not None or (self.status or 0) >= 500 else "INFO"
        seconds = perf_counter() - self.began
        emit(self.logger, "http.client", self.name, seconds=seconds, level=level, error=error, fields=fields)


def watch_client(client: Any, logger: DiagnosticLogger) -> None:
    """Time the calls of an ``httpx`` or ``httpx2`` client, plain or asynchronous, from now on.

    Args:
        client: ``Client`` or ``AsyncClient``.
        logger: Who logs.
    """
    send = client._send_single_request  # noqa: SLF001 - the one place that all calls, redirects too, go through
    asynchronous = hasattr(client, "aclose")

    def prepare(request: Any) -> _Call:
        call = _Call(logger, request.method, request.url.host)
        header = current_traceparent()
        if header is not None and "traceparent" not in request.headers:
            request.headers["traceparent"] = header
        given: Callable[..., Any] | None = request.extensions.get("trace")
        request.extensions = {
            **request.extensions,
            "trace": _async(call, given) if asynchronous else _sync(call, given),
        }
        return call

    if asynchronous:

        async def asend(request: Any) -> Any:
            call = prepare(request)
            try:
                response = await send(request)
            except BaseException as error:
                call.tell(None, error)
                raise
            call.status = response.status_code
            return response

        client._send_single_request = asend  # noqa: SLF001
    else:

        def plain(request: Any) -> Any:
            call = prepare(request)
            try:
                response = send(request)
            except BaseException as error:
                call.tell(None, error)
                raise
            call.status = response.status_code
            return response

        client._send_single_request = plain  # noqa: SLF001


def _sync(call: _Call, given: Callable[..., Any] | None) -> Callable[..., Any]:
    def trace(name: str, info: Any) -> None:
        call.trace(name, info)
        if given is not None:
            given(name, info)

    return trace


def _async(call: _Call, given: Callable[..., Any] | None) -> Callable[..., Any]:
    async def trace(name: str, info: Any) -> None:
        call.trace(name, info)
        if given is not None:
            await given(name, info)

    return trace


def watch_session(session: Any, logger: DiagnosticLogger) -> None:
    """Time the calls of a ``requests.Session`` from now on: connecting (with names and TLS), the first byte, all of it.

    Raises:
        MissingExtraError: requests is not installed (then there is no session either).
    """
    try:
        from requests.adapters import HTTPAdapter
    except ImportError as error:
        raise MissingExtraError("requests", needed_for="Watching a session of requests") from error

    for adapter in session.adapters.values():
        if isinstance(adapter, HTTPAdapter):
            _watch_adapter(adapter, logger)


def _watch_adapter(adapter: Any, logger: DiagnosticLogger) -> None:
    send = adapter.send
    local = threading.local()  # one adapter may serve several threads

    def timed_connection(kind: Any) -> Any:
        class Timed(kind):  # type: ignore[misc]
            def connect(self) -> None:
                began = perf_counter()
                super().connect()
                call = getattr(local, "call", None)
                if call is not None:
                    call.phases["connect_seconds"] = perf_counter() - began

        Timed.__name__, Timed.__qualname__ = kind.__name__, kind.__qualname__
        return Timed

    new_pool = adapter.poolmanager._new_pool  # noqa: SLF001 - where a pool gets its kind of connection

    def pool_of(*args: Any, **kwargs: Any) -> Any:
        pool = new_pool(*args, **kwargs)
        pool.ConnectionCls = timed_connection(pool.ConnectionCls)
        return pool

    adapter.poolmanager._new_pool = pool_of  # noqa: SLF001

    def timed(request: Any, *args: Any, **kwargs: Any) -> Any:
        header = current_traceparent()
        if header is not None and "traceparent" not in request.headers:
            request.headers["traceparent"] = header
        call = local.call = _Call(logger, request.method, urlsplit(request.url).hostname or "")
        try:
            response = send(request, *args, **kwargs)
        except BaseException as error:
            call.tell(None, error)
            raise
        finally:
            local.call = None
        began = perf_counter()
        connect = call.phases.get("connect_seconds", 0.0)
        call.phases["first_byte_seconds"] = began - call.began - connect
        call.phases["body_seconds"] = 0.0  # read by the caller, after the adapter
        call.tell(response.status_code, None)
        return response

    adapter.send = timed
