"""Other services keep many idle sessions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from lab.around import session
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    with ExitStack() as held:
        for number in range(25):
            held.enter_context(session(lab, f"billing-{number % 5}", autocommit=True)).execute("SELECT 1")
        yield
