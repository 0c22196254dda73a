"""A second beat was started."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    stack = lab.stack
    first = stack.beat
    second = stack.start_beat()
    yield
    second.stop()
    stack.beat = first
