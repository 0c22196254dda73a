"""Reads go to a replica that is late."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from examples.support.postgres import running_standby
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    primary = lab.stack.postgres
    with running_standby(primary, {"recovery_min_apply_delay": "8s"}) as standby:
        lab.stack.restart_app(env={"READ_DATABASE_URL": standby.url_of(lab.stack.database)})
        try:
            yield
        finally:
            lab.stack.stop_app()
