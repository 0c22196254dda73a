"""lock_timeout is a few milliseconds, shorter than ordinary waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from examples.meeting_scheduler.load import Load
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.execute(f"ALTER DATABASE {lab.stack.database} SET lock_timeout = '3ms'")
    lab.stack.restart_app()
    with Load(lab.stack.base_url, rate=30.0, seed=lab.random.randrange(1000), operations=["swap_meetings"]):
        yield
