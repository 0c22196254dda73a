"""Each failed message is tried again two hundred times at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import service_does, settle
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    settle(lab)
    with service_does(
        lab,
        "telegram" if lab.stack.name == "meeting_scheduler" else lab.stack.roles.remote,
        status=503,
        fail_ratio=0.98,
    ):
        yield
