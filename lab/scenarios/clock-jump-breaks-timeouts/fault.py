"""The clock is set back while durations are taken from it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab
from lab.means import long_ago, other_clock


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    long_ago(lab.stack)
    lab.stack.stop_app()
    with other_clock(lab.stack) as clock:
        clock.shift(lab.random.randint(300, 900))
        try:
            lab.stack.start_app()
            time.sleep(5)
            clock.shift(0)
            yield
        finally:
            lab.stack.kill_app()
