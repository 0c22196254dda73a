"""Sessions that are idle in a transaction are ended, and the code works outside while its transaction is open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.execute(f"ALTER DATABASE {lab.stack.database} SET idle_in_transaction_session_timeout = '300ms'")
    lab.stack.restart_app()
    yield
