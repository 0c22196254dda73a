"""The role's password was changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    role = urlsplit(lab.stack.database_url)
    lab.stack.execute(f"ALTER ROLE {role.username} PASSWORD 'rotated'")
    lab.stack.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role.username}'")
    yield
    lab.stack.execute(f"ALTER ROLE {role.username} PASSWORD '{role.password}'")
