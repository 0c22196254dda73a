"""One pooled connection for all requests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.restart_app(env={"POOL_SIZE": "1", "MAX_OVERFLOW": "0"})
    yield
