"""The OAuth grant was revoked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.fakes.set("token", token_error="invalid_grant")
    yield
    lab.stack.fakes.normal("token")
