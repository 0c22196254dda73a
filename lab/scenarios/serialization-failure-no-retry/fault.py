"""The isolation level was raised, and nobody tries again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from examples.meeting_scheduler.load import Load
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    if lab.random.random() < 0.5:
        lab.stack.deploy("repeatable_read")
    else:
        name = lab.stack.database
        lab.stack.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
        lab.stack.restart_app()
    with Load(lab.stack.base_url, rate=30.0, seed=lab.random.randrange(1000), operations=["swap_meetings"]):
        yield
