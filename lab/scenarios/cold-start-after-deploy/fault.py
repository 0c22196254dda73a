"""A restart has emptied what was remembered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab
from lab.means import long_ago


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    long_ago(lab.stack)
    lab.stack.restart_app()
    yield
