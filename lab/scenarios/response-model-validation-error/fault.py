"""Data that the promised answer does not allow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import settle
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    settle(lab)
    lab.stack.execute("UPDATE meetings SET google_event_id = NULL WHERE manager_id % 4 = 0 AND starts_at > now()")
    yield
