"""Telegram answers in a fifth of a second, as it often does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import service_does
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    with service_does(lab, "telegram", latency=0.18, jitter=0.05):
        yield
