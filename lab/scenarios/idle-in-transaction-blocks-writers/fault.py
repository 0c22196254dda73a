"""A session updated rows and sits idle in its transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    with psycopg.connect(lab.stack.database_url.replace("+psycopg", "")) as session:
        session.execute(lab.stack.roles.hot_update)
        yield
        session.rollback()
