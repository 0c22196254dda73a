"""An analyst's long query uses one CPU at low priority."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psycopg
from lab.around import session
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    query = f"SELECT count(DISTINCT md5(t::text || n)) FROM {lab.stack.roles.hot_table} t, generate_series(1, 20) n"
    with session(lab, "metabase") as connection, ExitStack() as niced:
        connection.execute("SET max_parallel_workers_per_gather = 0")
        os.setpriority(os.PRIO_PROCESS, connection.info.backend_pid, 19)
        thread = threading.Thread(target=_read, args=(connection, query), daemon=True)
        thread.start()
        niced.callback(thread.join, 20)
        niced.callback(connection.cancel)
        yield


def _read(connection: psycopg.Connection, query: str) -> None:
    with contextlib.suppress(psycopg.Error):
        connection.execute(query)
