"""The index for a frequent query is gone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.execute("DROP INDEX ix_meetings_manager_id_starts_at")
    yield
