"""Calls to other people's services: pooled, with one timeout, and failures say what they were about."""

from __future__ import annotations

import functools
import logging
import ssl
import time
from typing import Any

import httpx2
from django.conf import settings

from ..errors import ServiceError

logger = logging.getLogger("bookshop.services")

_SLOW_SECONDS = 1.0


@functools.cache
def ssl_context() -> ssl.SSLContext:
    """Certificates are read once: a context is expensive."""
    return ssl.create_default_context(cafile=settings.CA_FILE or None)


@functools.cache
def client() -> httpx2.Client:
    """The client of this process."""
    return httpx2.Client(timeout=settings.HTTP_TIMEOUT, verify=ssl_context())


def call(service: str, operation: str, method: str, url: str, **options: Any) -> dict[str, Any]:
    """Return the JSON object that the service answers.

    Raises:
        ServiceError: No answer, an error, or something else than an object.
    """
    began = time.perf_counter()
    try:
        response = client().request(method, url, **options)
    except httpx2.TransportError as error:
        raise no_answer(service, operation, error, began) from error
    return answer_of(service, operation, response, began)


async def call_async(service: str, operation: str, method: str, url: str, **options: Any) -> dict[str, Any]:
    """Do the same on the loop of this request; a client belongs to one loop.

    Raises:
        ServiceError: No answer, an error, or something else than an object.
    """
    began = time.perf_counter()
    try:
        async with httpx2.AsyncClient(timeout=settings.HTTP_TIMEOUT, verify=ssl_context()) as own:
            response = await own.request(method, url, **options)
    except httpx2.TransportError as error:
        raise no_answer(service, operation, error, began) from error
    return answer_of(service, operation, response, began)


def no_answer(service: str, operation: str, error: Exception, began: float) -> ServiceError:
    """Say what happened instead of an answer."""
    reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    logger.warning("%s %s failed after %.2fs: %s", service, operation, time.perf_counter() - began, reason)
    return ServiceError(service, operation, reason, status=503)


def answer_of(service: str, operation: str, response: httpx2.Response, began: float) -> dict[str, Any]:
    """Return the body.

    Raises:
        ServiceError: It is an error, or no JSON object.
    """
    seconds = time.perf_counter() - began
    if seconds > _SLOW_SECONDS:
        logger.warning("%s %s was slow: %.2fs", service, operation, seconds)
    if response.status_code == 402:
        return {"status": "declined"}
    if response.status_code >= 400:
        logger.warning("%s %s failed after %.2fs: HTTP %d", service, operation, seconds, response.status_code)
        status = 503 if response.status_code in (429, 503) else 502
        raise ServiceError(service, operation, f"HTTP {response.status_code}: {_said(response)}", status=status)
    try:
        body = response.json()
    except ValueError as error:
        raise ServiceError(service, operation, f"answer is no JSON: {error}") from error
    if not isinstance(body, dict):
        raise ServiceError(service, operation, "answer is no JSON object")
    return body


def _said(response: httpx2.Response) -> str:
    return " ".join(response.text.split())[:200]
