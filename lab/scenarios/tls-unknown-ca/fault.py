"""The remote service shows a certificate of an authority that nobody trusts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.fakes.set(lab.stack.roles.remote, tls=lab.random.choice(("unknown_ca", "self_signed")))
    yield
    lab.stack.fakes.normal(lab.stack.roles.remote)
