"""A neighbour at low priority is innocent, an open transaction is not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import idle_transaction, neighbours
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    with neighbours(2), idle_transaction(lab):
        yield
