"""Means of making things sick that several scenarios share; each undoes what it did."""

from __future__ import annotations


class CannotInject(RuntimeError):
    """This machine does not allow the fault; the text says what is missing."""
