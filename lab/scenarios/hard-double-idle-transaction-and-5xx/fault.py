"""An open transaction blocks writers and the calendar fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import idle_transaction, service_does
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    with idle_transaction(lab), service_does(lab, lab.stack.roles.remote, status=503):
        yield
