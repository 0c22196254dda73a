"""One HTTP call to a receiver; what it answers becomes a delivery or a ``DeliveryError``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from diagnostics.errors import DeliveryError
from diagnostics.runtime.redaction import redact, shorten

if TYPE_CHECKING:
    from httpx2 import Response

SECONDS = 8.0
"""Less than the outbox's deadline, so that the error says what was slow."""


def call(
    method: str,
    url: str,
    *,
    json: object = None,
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
) -> Any:
    """Make the call and return the JSON of its answer, or its text; redirects are not followed.

    Raises:
        DeliveryError: It was not taken; retryable unless the receiver says that it never will.
    """
    import httpx2

    try:
        response = httpx2.request(
            method,
            url,
            json=json,
            content=content,
            headers=dict(headers or {}),
            params=dict(params) if params else None,
            auth=auth,
            timeout=SECONDS,
            follow_redirects=False,
        )
    except httpx2.HTTPError as error:
        raise DeliveryError(f"{_host(url)}: {type(error).__name__}: {redact(str(error))}") from error
    if response.status_code >= 300:
        raise refused(_host(url), response.status_code, response.text, response.headers.get("retry-after"))
    return _body(response)


def refused(who: str, status: int, said: str, retry_after: str | None = None) -> DeliveryError:
    """Return the error for an answer that is no success.

    Client errors are final, but for 401 and 403 too: a token is often renewed while alerts wait, yet nothing says
    that it will be, so they are given up and can be sent again by a person. 408, 425, 429 and server errors pass.
    """
    retryable = status in (408, 425, 429) or status >= 500
    seconds = None
    if retry_after is not None:
        try:
            seconds = float(retry_after)
        except ValueError:
            seconds = None  # an HTTP date; our own pauses will do
    return DeliveryError(
        f"{who} answered {status}: {shorten(redact(' '.join(said.split())), 200)}",
        retryable=retryable,
        retry_after=seconds,
    )


def _body(response: Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return response.text


def _host(url: str) -> str:
    from urllib.parse import urlsplit

    # Never the path: that of a web hook is its secret.
    return urlsplit(url).hostname or "the receiver"
