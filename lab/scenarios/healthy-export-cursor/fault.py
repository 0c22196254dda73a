"""An export reads the table in pieces, in one long transaction that locks nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import again_and_again, session
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    with session(lab, "nightly-export") as connection:
        connection.execute(f"DECLARE pieces CURSOR FOR SELECT * FROM {lab.stack.roles.hot_table}")
        with again_and_again(lambda: connection.execute("FETCH 200 FROM pieces"), 0.2):
            yield
