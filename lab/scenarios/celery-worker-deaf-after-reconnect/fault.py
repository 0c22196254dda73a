"""After a restart of Redis the worker is connected and takes no tasks."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    stack = lab.stack
    stack.redis.stop()
    time.sleep(1.5)
    stack.redis.start()
    time.sleep(4.0)  # the worker comes back by itself
    # The state in which broken reconnects leave a worker: connected, answering, without its queue.
    control = [sys.executable, "-m", "celery", "-A", "bookshop.celery", "control", "cancel_consumer", "celery"]
    stack.run(*control)
    yield
    stack.run(*control[:-2], "add_consumer", "celery")
