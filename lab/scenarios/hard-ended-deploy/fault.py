"""A bad release was live for ten seconds and is reverted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.deploy("crashes")
    time.sleep(10)
    lab.stack.undo_deploy()
    time.sleep(15)
    yield
