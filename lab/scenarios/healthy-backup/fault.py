"""A backup reads everything in one long transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import again_and_again, session
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    with again_and_again(lambda: _back_up(lab), 0.5):
        yield


def _back_up(lab: Lab) -> None:
    """Do what pg_dump does: one snapshot, a share lock on every table, COPY of each."""
    with session(lab, "pg_dump") as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        tables = [row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        for table in tables:
            connection.execute(f'LOCK TABLE "{table}" IN ACCESS SHARE MODE')
        for table in tables:
            with connection.cursor() as cursor, cursor.copy(f'COPY "{table}" TO STDOUT') as copy:
                for _ in copy:
                    pass
