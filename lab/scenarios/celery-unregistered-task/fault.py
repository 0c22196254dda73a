"""A release sends a new task, and only the web was restarted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.commit_release("new_task")
    lab.stack.restart_web()
    yield
    lab.stack.undo_deploy()
