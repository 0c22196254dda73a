"""The calendar is slow and the bot's token was revoked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import service_does
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    with service_does(lab, "calendar", latency=2.4, jitter=0.3), service_does(lab, "telegram", status=401):
        yield
