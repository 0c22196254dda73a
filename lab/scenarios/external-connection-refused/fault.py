"""Nobody listens at the calendar's address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.fakes.set("calendar", listening=False)
    yield
    lab.stack.fakes.normal("calendar")
