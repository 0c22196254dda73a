"""Nobody listens at the calendar's address and an index is gone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import service_does
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.execute(f"DROP INDEX {lab.stack.roles.needed_index}")
    with service_does(lab, lab.stack.roles.remote, listening=False):
        yield
