"""PostgreSQL was restarted, and the pool hands out the connections of before."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    for _ in range(3):  # as a maintenance with its patches does
        lab.stack.postgres.restart("fast")
        time.sleep(2.0)
    yield
