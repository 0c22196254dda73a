"""JSON over HTTP with the standard library."""

from __future__ import annotations

import json
import logging
import ssl
import time
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Any

from ..errors import UpstreamError
from ..settings import Settings

log = logging.getLogger("parcels.upstream")

_SLOW = 1.0


class RestClient:
    """One service: its address, the headers that it wants, one timeout."""

    def __init__(self, name: str, base_url: str, settings: Settings, headers: dict[str, str] | None = None) -> None:
        self.name = name
        self.base_url = base_url.rstrip("/")
        self._headers = {"accept": "application/json", "user-agent": "parcels/3.2", **(headers or {})}
        self._timeout = settings.http_timeout
        tls = ssl.create_default_context(cafile=settings.ca_file or None)
        self._opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=tls))

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Send a request and return the object that was answered.

        Raises:
            UpstreamError: No answer, an error, or no JSON object.
        """
        data = None if body is None else json.dumps(body).encode()
        headers = dict(self._headers) if data is None else {**self._headers, "content-type": "application/json"}
        request = urllib.request.Request(self.base_url + path, data, headers, method=method)
        started = time.monotonic()
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                content = answer.read()
        except urllib.error.HTTPError as error:
            raise self._refused(method, path, error) from error
        except (urllib.error.URLError, HTTPException, OSError) as error:
            seconds = time.monotonic() - started
            raise UpstreamError(
                self.name, f"{method} {path} failed after {seconds:.2f}s: {error!r}", status=503
            ) from error
        seconds = time.monotonic() - started
        if seconds > _SLOW:
            log.warning("%s: %s %s took %.2fs", self.name, method, path, seconds)
        return self._decoded(method, path, content)

    def _decoded(self, method: str, path: str, content: bytes) -> dict[str, Any]:
        try:
            value = json.loads(content)
        except ValueError as error:
            raise UpstreamError(self.name, f"{method} {path}: no JSON in the answer: {error}") from error
        if not isinstance(value, dict):
            raise UpstreamError(self.name, f"{method} {path}: the answer is no object")
        return value

    def _refused(self, method: str, path: str, error: urllib.error.HTTPError) -> UpstreamError:
        text = error.read(500).decode("utf-8", "replace")
        return UpstreamError(
            self.name,
            f"{method} {path} answered {error.code} {error.reason}: {text}",
            status=503 if error.code in (429, 503) else 502,
            retry_after=error.headers.get("retry-after"),
        )
