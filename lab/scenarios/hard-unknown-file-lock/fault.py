"""Another program holds a lock on a file that every booking needs."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import settle
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    settle(lab)
    with (lab.stack.upload_dir.parent / "planning").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
