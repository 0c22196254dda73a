"""Two managers stand in for each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import settle
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    settle(lab)
    lab.stack.execute("UPDATE managers SET deputy_id = CASE WHEN id % 2 = 1 THEN id + 1 ELSE id - 1 END WHERE id <= 60")
    yield
