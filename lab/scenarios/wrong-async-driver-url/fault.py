"""The database URL names a driver that cannot be used asynchronously."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    url = lab.stack.environment["DATABASE_URL"]
    lab.stack.restart_app(env={"DATABASE_URL": url.replace("postgresql+psycopg:", "postgresql+psycopg2:")}, wait=False)
    yield
