"""The remote service cuts connections."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.fakes.set(lab.stack.roles.remote, reset=True)
    yield
    lab.stack.fakes.normal(lab.stack.roles.remote)
