"""Calls to other people's services: one client each, one timeout, failures said with their phase."""

from __future__ import annotations

import logging
import ssl
import time
from typing import Any

import httpx2

from ..errors import ExternalServiceError
from ..settings import Settings

logger = logging.getLogger("meeting_scheduler.external")

_SLOW_SECONDS = 1.0

_PHASES: tuple[tuple[type[Exception], str], ...] = (
    (httpx2.ConnectTimeout, "connect"),
    (httpx2.ConnectError, "connect"),
    (httpx2.PoolTimeout, "pool"),
    (httpx2.WriteError, "send"),
    (httpx2.WriteTimeout, "send"),
    (httpx2.ReadTimeout, "response"),
    (httpx2.ReadError, "response"),
    (httpx2.RemoteProtocolError, "response"),
)


class Service:
    """One external service behind one pooled client."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        verify = ssl.create_default_context(cafile=settings.ca_file or None)
        limits = httpx2.Limits(
            max_connections=settings.http_pool_size, max_keepalive_connections=settings.http_pool_size
        )
        options: dict[str, Any] = {"timeout": settings.http_timeout, "limits": limits, "verify": verify}
        self.client = httpx2.Client(**options)
        self.async_client = httpx2.AsyncClient(**options)

    def request(self, operation: str, method: str, url: str, **options: Any) -> httpx2.Response:
        """Send a request and return whatever answer there is.

        Raises:
            ExternalServiceError: There was no answer.
        """
        started = time.perf_counter()
        try:
            response = self.client.request(method, url, **options)
        except httpx2.TransportError as error:
            raise self._failure(operation, error, started) from error
        self._note(operation, response, started)
        return response

    async def request_async(self, operation: str, method: str, url: str, **options: Any) -> httpx2.Response:
        """Do the same without holding a thread."""
        started = time.perf_counter()
        try:
            response = await self.async_client.request(method, url, **options)
        except httpx2.TransportError as error:
            raise self._failure(operation, error, started) from error
        self._note(operation, response, started)
        return response

    def body_of(self, operation: str, response: httpx2.Response) -> dict[str, Any]:
        """Return the JSON object of an answer.

        Raises:
            ExternalServiceError: It is none.
        """
        try:
            body = response.json()
        except ValueError as error:
            raise ExternalServiceError(self.name, operation, f"answer is no JSON: {error}", status=502) from error
        if not isinstance(body, dict):
            raise ExternalServiceError(self.name, operation, "answer is no JSON object", status=502)
        return body

    def close(self) -> None:
        self.client.close()

    async def close_async(self) -> None:
        await self.async_client.aclose()

    def _failure(self, operation: str, error: Exception, started: float) -> ExternalServiceError:
        seconds = time.perf_counter() - started
        phase = next((phase for kind, phase in _PHASES if isinstance(error, kind)), "request")
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        logger.warning("%s %s failed in phase %s after %.2fs: %s", self.name, operation, phase, seconds, reason)
        return ExternalServiceError(self.name, operation, f"no answer ({phase}): {reason}", status=503)

    def _note(self, operation: str, response: httpx2.Response, started: float) -> None:
        seconds = time.perf_counter() - started
        if response.status_code >= 400:
            logger.warning(
                "%s %s failed in phase status after %.2fs: HTTP %d",
                self.name, operation, seconds, response.status_code,
            )  # fmt: skip
        elif seconds > _SLOW_SECONDS:
            logger.warning("%s %s was slow: %.2fs", self.name, operation, seconds)


def retry_after(response: httpx2.Response) -> float | None:
    """Return the seconds that the server asks us to wait."""
    text = response.headers.get("retry-after", "")
    return float(text) if text.isdigit() else None
