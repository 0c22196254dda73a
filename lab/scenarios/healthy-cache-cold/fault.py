"""The database was restarted and reads everything from disk once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.stop_app()
    lab.stack.postgres.restart()
    for path in lab.stack.postgres.data_directory.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    lab.stack.start_app()
    yield
