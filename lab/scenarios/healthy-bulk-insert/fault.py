"""An import writes many rows in short transactions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import again_and_again, session
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    with session(lab, "importer", autocommit=True) as connection:
        connection.execute("CREATE TABLE imported (id bigserial PRIMARY KEY, line text)")
        insert = "INSERT INTO imported (line) SELECT 'line ' || n FROM generate_series(1, 500) n"
        with again_and_again(lambda: connection.execute(insert), 0.1):
            yield
        connection.execute("DROP TABLE imported")
