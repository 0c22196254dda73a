"""A session holds locks for three seconds, pauses for one, and so on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import again_and_again, idle_transaction
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    with again_and_again(lambda: _hold(lab), 1.0):
        yield


def _hold(lab: Lab) -> None:
    with idle_transaction(lab):
        time.sleep(3.0)
