"""Children are started for each list and never waited for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab
from lab.means import control_group


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.stop_app()
    with control_group(lab.stack, "pids", max=110):
        lab.stack.commit_release("leaves_children")
        lab.stack.start_app()
        yield
