"""Many times the usual visitors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from examples.meeting_scheduler.load import Load
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    with Load(lab.stack.base_url, rate=260.0, seed=lab.random.randint(1, 10_000)):
        yield
