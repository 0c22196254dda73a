"""A release locks rows in another order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from examples.meeting_scheduler.load import Load
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.deploy("lock_order")
    with Load(lab.stack.base_url, rate=8.0, seed=7, operations=["swap_meetings"]):
        yield
