"""A release goes on in a transaction after an error in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.deploy("session_not_rolled_back")
    with type(lab.load)(lab.stack.base_url, rate=3.0, seed=5, operations=["write_review"]):
        yield
