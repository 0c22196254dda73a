"""A new index is built concurrently."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import again_and_again
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    table = lab.stack.roles.hot_table
    with again_and_again(lambda: _build(lab, table), 1.0):
        yield


def _build(lab: Lab, table: str) -> None:
    lab.stack.execute(f"CREATE INDEX CONCURRENTLY ix_wanted_by_the_report ON {table} (id DESC)")
    lab.stack.execute("DROP INDEX CONCURRENTLY ix_wanted_by_the_report")
