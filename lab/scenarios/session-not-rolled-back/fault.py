"""One session for all, and nobody rolls it back after an error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import ask, settle
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    settle(lab)
    ask(lab, "POST", "/managers", {"name": "Manager 7", "email": "manager7@example.com"})
    yield
