"""A backup runs, but a release blocks the event loop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import session
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    with session(lab, "pg_dump") as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        connection.execute(f"LOCK TABLE {lab.stack.roles.hot_table} IN ACCESS SHARE MODE")
        lab.stack.deploy("blocks_loop")
        yield
