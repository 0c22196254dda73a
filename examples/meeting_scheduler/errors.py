"""What can go wrong in ways that the caller should know about."""

from __future__ import annotations


class NotFoundError(Exception):
    """There is no such manager or meeting."""


class ConflictError(Exception):
    """The manager already has a meeting at that time."""


class ExternalServiceError(Exception):
    """Google or Telegram did not do what we asked."""

    def __init__(
        self, service: str, operation: str, reason: str, *, status: int, retry_after: float | None = None
    ) -> None:
        """`status` is what we answer our own caller: 502 for a bad answer, 503 for none."""
        super().__init__(f"{service} {operation}: {reason}")
        self.service = service
        self.operation = operation
        self.status = status
        self.retry_after = retry_after
