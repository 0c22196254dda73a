"""What the caller should know about."""

from __future__ import annotations


class NotFound(Exception):
    """There is no such thing."""


class Conflict(Exception):
    """It is not in a state in which that can be done."""


class BadInput(Exception):
    """The body of the request is not what it should be."""


class Unauthorized(Exception):
    """No token, or one that is not good."""


class UpstreamError(Exception):
    """The carrier or the geocoder did not do what we asked."""

    def __init__(self, service: str, what: str, *, status: int = 502, retry_after: str | None = None) -> None:
        super().__init__(f"{service}: {what}")
        self.service = service
        self.status = status  # what we answer our own caller
        self.retry_after = retry_after
