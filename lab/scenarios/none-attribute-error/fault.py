"""An import left out a value that the code takes for granted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import settle
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    settle(lab)
    lab.stack.execute("UPDATE meetings SET google_event_id = NULL WHERE id % 3 = 0 AND starts_at > now()")
    yield
