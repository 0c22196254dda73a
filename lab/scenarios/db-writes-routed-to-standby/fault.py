"""After a switchover the service writes to a standby."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from examples.support.postgres import running_standby
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    primary = lab.stack.postgres
    with running_standby(primary) as standby:
        lab.stack.postgres = standby
        lab.stack.restart_app(env={"DATABASE_URL": lab.stack.database_url})
        try:
            yield
        finally:
            lab.stack.postgres = primary
            lab.stack.stop_app()
