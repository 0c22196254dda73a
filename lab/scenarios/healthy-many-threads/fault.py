"""Forty threads wait for work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import settle
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    settle(lab)
    yield
