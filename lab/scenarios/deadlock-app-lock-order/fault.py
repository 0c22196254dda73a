"""A release locks rows in another order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.deploy("lock_order")
    with type(lab.load)(lab.stack.base_url, rate=8.0, seed=7, operations=[lab.stack.roles.contended]):
        yield
