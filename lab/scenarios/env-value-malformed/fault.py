"""A number in the configuration is no number."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    variable = lab.stack.roles.pool_size
    value = lab.random.choice(("ten", "10 # was 5", "1O"))
    lab.stack.restart_app(env={variable: value}, wait=False)
    yield
