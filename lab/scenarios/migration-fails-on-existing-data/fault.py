"""A migration asks for what the rows that are there do not fulfil."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.deploy(lab.random.choice(["unique_guests", "mandatory_descriptions"]), wait=False)
    yield
