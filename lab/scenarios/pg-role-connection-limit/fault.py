"""The role may have fewer connections than the pool wants."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    role = urlsplit(lab.stack.database_url).username
    lab.stack.execute(f"ALTER ROLE {role} CONNECTION LIMIT 2")
    lab.stack.restart_app()
    yield
    lab.stack.execute(f"ALTER ROLE {role} CONNECTION LIMIT -1")
