"""The main process of PostgreSQL does not answer; the kernel still takes connections for it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    with lab.stack.postgres.connect(lab.stack.database) as session:
        os.kill(lab.stack.postgres.postmaster_pid, signal.SIGSTOP)
        try:
            session.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            yield
        finally:
            os.kill(lab.stack.postgres.postmaster_pid, signal.SIGCONT)
