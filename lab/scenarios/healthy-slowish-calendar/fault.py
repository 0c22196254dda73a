"""The remote service is a little slower, within its usual range."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.fakes.set(lab.stack.roles.remote, latency=0.08, jitter=0.04)
    yield
    lab.stack.fakes.normal(lab.stack.roles.remote)
