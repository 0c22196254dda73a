"""A small table was a big one for a while, and nobody vacuums it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from examples.meeting_scheduler.load import Load
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.execute("ALTER TABLE managers SET (autovacuum_enabled = off)", superuser=False)
    with lab.stack.postgres.connect(lab.stack.database) as session:  # an address book was taken over, and undone
        session.execute("SET session_replication_role = replica")  # as pg_restore does: no keys are checked
        session.execute(
            "INSERT INTO managers (name, email) SELECT rpad('Contact ' || n, 118, '.'), 'contact' || n || '@example.net' "
            "FROM generate_series(1, 1000000) n"
        )
        session.execute("DELETE FROM managers WHERE email LIKE 'contact%'")
    with Load(lab.stack.base_url, rate=6.0, seed=lab.random.randrange(1000), operations=["list_managers"]):
        yield
