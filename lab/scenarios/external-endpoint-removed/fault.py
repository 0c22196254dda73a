"""The remote service has retired this version of its API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.fakes.set(lab.stack.roles.remote, status=410)
    yield
    lab.stack.fakes.normal(lab.stack.roles.remote)
