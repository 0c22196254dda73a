"""The calendar fails for three seconds, then works for three, and so on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import again_and_again
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    with again_and_again(lambda: _blink(lab), 3.0):
        yield
    lab.stack.fakes.normal(lab.stack.roles.remote)


def _blink(lab: Lab) -> None:
    lab.stack.fakes.set(lab.stack.roles.remote, status=503)
    time.sleep(3.0)
    lab.stack.fakes.normal(lab.stack.roles.remote)
