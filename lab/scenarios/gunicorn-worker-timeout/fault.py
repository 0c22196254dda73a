"""A release does long work inside requests, longer than the workers may take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.restart_app(env={"WORKER_TIMEOUT": "3"}, release="outlasts_timeout")
    yield
