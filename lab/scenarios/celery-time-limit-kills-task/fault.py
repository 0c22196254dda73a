"""Imports take longer than a task may."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    stack = lab.stack
    stack.restart_app(env={"TASK_TIME_LIMIT": "1"}, release="long_task")
    yield
    stack.undo_deploy()
