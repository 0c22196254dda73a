"""A sequence of four bytes is at its end, or its column is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.execute("ALTER TABLE reminders ALTER COLUMN id TYPE integer", superuser=False)
    if lab.random.random() < 0.5:
        lab.stack.execute("ALTER SEQUENCE reminders_id_seq AS integer", superuser=False)
    lab.stack.execute("SELECT setval('reminders_id_seq', 2147483647)", superuser=False)
    yield
