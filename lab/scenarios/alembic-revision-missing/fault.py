"""A release with a migration was rolled back: the database's revision is not in the code."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.deploy("harmless_migration")
    time.sleep(2.0)
    lab.stack.undo_deploy(wait=False)
    yield
