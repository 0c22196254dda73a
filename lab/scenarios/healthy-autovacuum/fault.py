"""Autovacuum works all the time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from lab.around import again_and_again, session
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    with session(lab, "importer", autocommit=True) as connection, again_and_again(lambda: _write(connection), 1.0):
        yield


def _write(connection: psycopg.Connection) -> None:
    """Change rows that nobody else wants to change, in a short transaction."""
    connection.execute("UPDATE reminders SET remind_at = remind_at WHERE id IN (SELECT id FROM reminders LIMIT 500)")
