"""A setting was changed without harm."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.restart_app(env={"WORKER_THREADS": "24"})
    yield
