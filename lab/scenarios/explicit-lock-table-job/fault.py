"""A maintenance job locks a table while it works."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from lab.harness import Lab

_JOBS = (
    "LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE",
    "LOCK TABLE {table} IN EXCLUSIVE MODE",
)


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    """Lock, and do what such jobs do: statements over the whole table, again and again, in one transaction."""
    stopping = threading.Event()
    job = lab.random.choice(_JOBS).format(table=lab.stack.roles.hot_table)
    thread = threading.Thread(target=_work, args=(lab, job, stopping), daemon=True)
    thread.start()
    yield
    stopping.set()
    thread.join(10)


def _work(lab: Lab, lock: str, stopping: threading.Event) -> None:
    url = lab.stack.database_url.replace("+psycopg", "")
    with psycopg.connect(url, application_name="reindex-job") as session:
        session.execute(lock)
        while not stopping.is_set():
            session.execute(f"SELECT count(*) FROM {lab.stack.roles.hot_table}")
            stopping.wait(0.2)
        session.rollback()
