"""A table has grown until what reads much of it became slow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.execute("""
        INSERT INTO meetings (manager_id, title, attendee_email, starts_at, ends_at, status, created_at)
        SELECT 1 + n % 200, 'Import ' || n, 'guest@example.org', now() - interval '1 hour' * (10 + n % 9000),
               now() - interval '1 hour' * (9 + n % 9000), 'done', now() - interval '1 second' * (n % 500000)
        FROM generate_series(1, 1500000) n
    """)
    lab.stack.execute("ANALYZE meetings")
    yield
