"""A pooler that gives each transaction another session stands before PostgreSQL, and the driver prepares statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab
from lab.means import pooler


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    with pooler(lab.stack.database_url, sessions=3) as url:
        lab.stack.restart_app(env={"DATABASE_URL": url})
        try:
            yield
        finally:
            lab.stack.stop_app()
