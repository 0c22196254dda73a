"""The client secret was changed at the provider."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.fakes.set("token", token_error="invalid_client")
    yield
    lab.stack.fakes.normal("token")
