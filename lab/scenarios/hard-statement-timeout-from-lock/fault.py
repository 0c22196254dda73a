"""Statements are cancelled because they wait for a lock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import idle_transaction
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    with idle_transaction(lab):
        yield
