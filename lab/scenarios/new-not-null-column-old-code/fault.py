"""A migration added a mandatory column that the running code does not know."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.commit_release("mandatory_regions")  # migrated, and not yet restarted
    yield
