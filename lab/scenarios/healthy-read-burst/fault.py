"""Twice as many people look, nobody books."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from examples.meeting_scheduler.load import Load
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    with Load(lab.stack.base_url, rate=20.0, seed=98, operations=["list_meetings", "get_manager"]):
        yield
