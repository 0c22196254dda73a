"""A certificate that ends in twenty-five days."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import service_does
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    with service_does(lab, lab.stack.roles.remote, tls="ends_this_month"):
        yield
