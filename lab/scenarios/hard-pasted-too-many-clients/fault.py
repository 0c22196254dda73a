"""The pasted error is of another day; the grant was revoked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import service_does
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    with service_does(lab, "token", token_error="invalid_grant"):
        yield
