"""Somebody enters titles longer than the column."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import again_and_again, ask, settle
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    settle(lab)
    body = {
        "manager_id": 7,
        "title": "Quarterly review " * 20,
        "starts_at": "2031-01-01T10:00:00Z",
        "attendee_email": "a@example.org",
    }
    with again_and_again(lambda: ask(lab, "POST", "/meetings", body), 0.5):
        yield
