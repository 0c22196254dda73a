"""The service answers to other host names than the one that it is called by."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.restart_app(env={"ALLOWED_HOSTS": "meetings.example.com"}, wait=False)
    yield
