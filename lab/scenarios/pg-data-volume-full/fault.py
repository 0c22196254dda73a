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
            with contextlib.suppress(psycopg.errors.DiskFull):
                while True:
                    lab.stack.execute(
                        "INSERT INTO old_reminders SELECT n, n, now(), now() FROM generate_series(1, 3000) n"
                    )
            with contextlib.suppress(psycopg.errors.DiskFull):
                while True:
                    lab.stack.execute("INSERT INTO reminders (meeting_id, remind_at, sent_at) SELECT 1, now(), now()")
            yield
        finally:
            lab.stack.execute("DROP TABLE old_reminders")
            lab.stack.execute("ALTER TABLE reminders SET TABLESPACE pg_default")
