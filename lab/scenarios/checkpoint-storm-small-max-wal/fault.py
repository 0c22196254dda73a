"""max_wal_size is so small that an import forces a checkpoint every second."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    stopping = threading.Event()
    thread = threading.Thread(target=_import, args=(lab, stopping), daemon=True)
    thread.start()
    yield
    stopping.set()
    thread.join(20)


def _import(lab: Lab, stopping: threading.Event) -> None:
    url = lab.stack.database_url.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True, application_name="crm-import") as session:
        session.execute("CREATE TABLE contacts (id bigint, name text, mail text, note text)")
        while not stopping.is_set():
            session.execute(
                "INSERT INTO contacts SELECT n, md5(n::text), md5(n::text) || '@example.org', repeat('note ', 60) "
                "FROM generate_series(1, 20000) n"
            )
