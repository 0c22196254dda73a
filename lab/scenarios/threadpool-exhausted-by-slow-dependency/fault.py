"""All worker threads wait for a calendar that takes its time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.fakes.set("calendar", latency=1.6)
    yield
    lab.stack.fakes.normal("calendar")
