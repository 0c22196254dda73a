"""A small table is rewritten all the time, and nobody vacuums it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from examples.meeting_scheduler.load import Load
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.execute("ALTER TABLE managers SET (autovacuum_enabled = off)", superuser=False)
    lab.stack.execute(
        "DO $$ BEGIN FOR n IN 1..1500 LOOP UPDATE managers SET last_booked_at = now(); END LOOP; END $$",
        superuser=False,
    )
    with Load(lab.stack.base_url, rate=6.0, seed=lab.random.randrange(1000), operations=["list_managers"]):
        yield
