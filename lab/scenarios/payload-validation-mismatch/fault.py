"""A new version of the app sends other fields."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import again_and_again, ask
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    body = {"managerId": 7, "subject": "Offer", "start": "2030-01-01T10:00:00Z"}
    with again_and_again(lambda: ask(lab, "POST", "/meetings", body, headers={"user-agent": "Scheduler-iOS/4.0"}), 0.3):
        yield
