"""A release does not wait for a row's lock, and does not handle that it is taken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from examples.meeting_scheduler.load import Load
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.deploy("refuses_to_wait")
    with Load(lab.stack.base_url, rate=30.0, seed=lab.random.randrange(1000), operations=["swap_meetings"]):
        yield
