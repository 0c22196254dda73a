"""PostgreSQL was restarted, and the pool hands out the connections of before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.postgres.restart("fast")
    yield
