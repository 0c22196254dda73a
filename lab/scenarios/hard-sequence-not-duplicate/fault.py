"""Keys collide because the sequence was set back, not because anybody sends twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.execute("SELECT setval('meetings_id_seq', 1000)")
    yield
