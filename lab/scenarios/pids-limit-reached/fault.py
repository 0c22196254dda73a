"""The service may have too few threads and processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab
from lab.means import control_group


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.stop_app()
    with control_group(lab.stack, "pids", max=5):
        lab.stack.start_app()
        yield
