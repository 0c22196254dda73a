"""A colleague's psql stands idle outside of any transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import session
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    with session(lab, "psql", autocommit=True) as connection:
        connection.execute(lab.stack.roles.hot_update)
        yield
