"""A nightly job reads the whole table."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=_read, args=(lab, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)


def _read(lab: Lab, stop: threading.Event) -> None:
    with psycopg.connect(
        lab.stack.database_url.replace("+psycopg", ""), application_name="nightly-export", autocommit=True
    ) as session:
        while not stop.is_set():
            session.execute(f"SELECT count(*), max(t::text) FROM {lab.stack.roles.hot_table} t")
            stop.wait(3.0)
