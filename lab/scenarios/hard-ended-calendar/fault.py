"""The calendar failed for ten seconds and is well again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import service_does
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    with service_does(lab, lab.stack.roles.remote, status=503):
        time.sleep(10)
    time.sleep(25)
    yield
