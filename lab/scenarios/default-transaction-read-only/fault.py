"""default_transaction_read_only was switched on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    name = lab.stack.database
    lab.stack.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    lab.stack.restart_app()
    yield
