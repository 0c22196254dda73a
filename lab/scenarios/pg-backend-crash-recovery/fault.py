"""The kernel kills a process of PostgreSQL again and again, and all sessions end with it."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    stopping = threading.Event()
    thread = threading.Thread(target=_kill, args=(lab, stopping), daemon=True)
    thread.start()
    yield
    stopping.set()
    thread.join(10)


def _kill(lab: Lab, stopping: threading.Event) -> None:
    while not stopping.wait(2.5):
        with contextlib.suppress(psycopg.Error, ProcessLookupError):
            rows = lab.stack.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
                "AND backend_type = 'client backend' AND pid <> pg_backend_pid() LIMIT 1"
            )
            for (pid,) in rows:
                os.kill(pid, signal.SIGKILL)
