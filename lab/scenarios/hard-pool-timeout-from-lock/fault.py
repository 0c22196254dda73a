"""An open transaction blocks writers until the pool is empty."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import idle_transaction
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    with idle_transaction(lab):
        yield
