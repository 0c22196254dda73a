"""Rows were imported with their ids, the sequence stayed where it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.execute(
        """
        INSERT INTO reminders (id, meeting_id, remind_at, sent_at)
        SELECT last + n, n, now() - interval '1 day', now()
        FROM generate_series(1, 500) n, (SELECT max(id) AS last FROM reminders) known
        """,
        superuser=False,
    )
    yield
