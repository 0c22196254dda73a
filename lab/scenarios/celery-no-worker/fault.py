"""The worker was stopped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    assert lab.stack.worker is not None
    lab.stack.worker.stop()
    yield
    lab.stack.start_worker()
