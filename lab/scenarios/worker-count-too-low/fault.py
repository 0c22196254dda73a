"""One worker is left for traffic that three served with ease."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    # The carrier is far away, and always was.
    lab.stack.fakes.set(lab.stack.roles.remote, latency=0.16)
    time.sleep(8)
    lab.stack.restart_app(env={"WEB_CONCURRENCY": "1"})
    yield
