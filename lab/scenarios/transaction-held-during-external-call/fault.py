"""A release calls the calendar inside a transaction while the calendar is slow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.deploy("holds_transaction")
    lab.stack.fakes.set("calendar", latency=1.5)
    yield
    lab.stack.fakes.normal("calendar")
