"""The host's clock is behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab
from lab.means import other_clock


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.stop_app()
    with other_clock(lab.stack) as clock:
        clock.shift(-lab.random.choice((40, 400)) * 86_400)
        try:
            lab.stack.start_app()
            yield
        finally:
            lab.stack.stop_app()
