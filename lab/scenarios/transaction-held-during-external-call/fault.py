"""A release calls the remote service inside a transaction while it is slow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.deploy("holds_transaction")
    lab.stack.fakes.set(lab.stack.roles.remote, latency=1.5)
    yield
    lab.stack.fakes.normal(lab.stack.roles.remote)
