"""A release fails while it is imported, and its supervisor starts it again and again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.environment["SUPERVISED"] = "1"
    lab.stack.restart_app()
    lab.stack.deploy("fails_at_import", wait=False)
    yield
