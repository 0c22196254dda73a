"""Google Calendar answers 503."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.fakes.set("calendar", status=503)
    yield
    lab.stack.fakes.normal("calendar")
