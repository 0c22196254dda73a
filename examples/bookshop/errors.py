"""What goes wrong on purpose."""

from __future__ import annotations


class ServiceError(Exception):
    """A service of somebody else did not do what we asked."""

    def __init__(self, service: str, operation: str, reason: str, status: int = 502) -> None:
        super().__init__(f"{service} {operation}: {reason}")
        self.service = service
        self.operation = operation
        self.reason = reason
        self.status = status  # what our own caller is told


class DeclinedError(Exception):
    """The customer's card was declined."""


class SoldOutError(Exception):
    """There are not enough copies."""
