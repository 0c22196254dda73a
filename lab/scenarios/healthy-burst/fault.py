"""Twice the usual traffic for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    with type(lab.load)(lab.stack.base_url, rate=20.0, seed=99):
        yield
