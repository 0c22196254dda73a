"""Times with and without a zone are compared."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.deploy("naive_datetime")
    yield
