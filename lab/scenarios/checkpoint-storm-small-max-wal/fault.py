"""max_wal_size is so small that an import forces a checkpoint every second."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.execute(
        "CREATE TABLE contacts AS SELECT n AS id, md5(n::text) AS name, repeat('note ', 60) AS note "
        "FROM generate_series(1, 120000) n",
        superuser=False,
    )
    stopping = threading.Event()
    threads = [threading.Thread(target=_import, args=(lab, part, stopping), daemon=True) for part in range(2)]
    for thread in threads:
        thread.start()
    yield
    stopping.set()
    for thread in threads:
        thread.join(20)


def _import(lab: Lab, part: int, stopping: threading.Event) -> None:
    """Change rows all over the table, as an import does that brings what is new about each contact."""
    url = lab.stack.database_url.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True, application_name="crm-import") as session:
        for number in itertools.count():
            if stopping.is_set():
                return
            session.execute(
                "UPDATE contacts SET name = md5(name) WHERE id %% 16 = %s", [(2 * number + part) % 16], prepare=False
            )
