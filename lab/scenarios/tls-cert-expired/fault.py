"""The remote service's certificate has expired."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.fakes.set(lab.stack.roles.remote, tls="expired")
    yield
    lab.stack.fakes.normal(lab.stack.roles.remote)
