"""The volume on which PostgreSQL keeps a part of its tables is full."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from lab.harness import Lab
from lab.means import small_tablespace


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    with small_tablespace(lab.stack.postgres, "archive", megabytes=24):
        lab.stack.execute("ALTER TABLE reminders SET TABLESPACE archive")
        lab.stack.execute("CREATE TABLE old_reminders (LIKE reminders) TABLESPACE archive")
        try:
            _fill(lab)
            yield
        finally:
            lab.stack.execute("DROP TABLE old_reminders")
            lab.stack.execute("ALTER TABLE reminders SET TABLESPACE pg_default")


def _fill(lab: Lab) -> None:
    """Take all blocks of the volume, and then the room in the last ones of the table."""
    with lab.stack.postgres.connect(lab.stack.database) as session:
        with contextlib.suppress(psycopg.errors.DiskFull):
            while True:
                session.execute("INSERT INTO old_reminders SELECT n, n, now(), now() FROM generate_series(1, 3000) n")
        with contextlib.suppress(psycopg.errors.DiskFull):
            while True:
                session.execute("INSERT INTO reminders (meeting_id, remind_at, sent_at) SELECT 1, now(), now()")
