"""The calendar fails once in two hundred calls, as it does every day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import service_does
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    with service_does(lab, lab.stack.roles.remote, status=503, fail_ratio=0.005):
        yield
