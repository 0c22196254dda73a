"""One pooled connection for all requests; the database lies in another zone, so that each holds it for a while."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab
from lab.proxy import DelayProxy


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    stack = lab.stack
    with DelayProxy(stack.postgres.port, 0.006) as zone:
        # The way is longer from the start: ten connections serve the traffic all the same.
        url = stack.environment["DATABASE_URL"].replace(f":{stack.postgres.port}/", f":{zone.port}/")
        stack.restart_app(env={"DATABASE_URL": url})
        time.sleep(15)
        stack.restart_app(env={stack.roles.pool_size: "1", "MAX_OVERFLOW": "0"})
        yield
        stack.stop_app()
