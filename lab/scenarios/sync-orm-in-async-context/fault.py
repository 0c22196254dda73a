"""A release reads a related row in an async view."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.deploy("sync_orm_in_async")
    yield
    lab.stack.undo_deploy()
