"""statement_timeout of the role is a few milliseconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    role = urlsplit(lab.stack.database_url).username
    lab.stack.execute(f"ALTER ROLE {role} SET statement_timeout = '1ms'")
    lab.stack.restart_app()
    yield
    lab.stack.execute(f"ALTER ROLE {role} RESET statement_timeout")
