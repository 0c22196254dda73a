"""A migration added its column, and was ended before its revision was written; the next start runs it again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.execute("ALTER TABLE meetings ADD COLUMN location varchar(200)", superuser=False)
    lab.stack.deploy("missing_migration", wait=False)
    yield
