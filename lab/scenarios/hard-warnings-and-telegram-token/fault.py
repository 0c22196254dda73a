"""Warnings of a library are loud, the bot's token was revoked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import service_does, settle
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    settle(lab)
    with service_does(lab, "telegram", status=401):
        yield
