"""Everything is logged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.restart_app(env={"LOG_LEVEL": "DEBUG"})
    yield
