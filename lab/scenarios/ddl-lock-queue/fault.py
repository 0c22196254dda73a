"""ALTER TABLE waits behind a long reader, and everybody behind it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    with reader(lab) as long, reader(lab) as other:
        long.execute(f"SELECT count(*) FROM {lab.stack.roles.hot_table}")
        thread = threading.Thread(target=_alter, args=(other, lab.stack.roles.hot_table), daemon=True)
        thread.start()
        yield
        long.rollback()
        thread.join(10)


def _alter(session: psycopg.Connection, table: str) -> None:
    with contextlib.suppress(psycopg.Error):
        session.execute(f"ALTER TABLE {table} ADD COLUMN note text")
        session.rollback()


def reader(lab: Lab) -> psycopg.Connection:
    """Return a session of its own."""
    return psycopg.connect(lab.stack.database_url.replace("+psycopg", ""), application_name="nightly-report")
