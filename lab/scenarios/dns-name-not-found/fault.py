"""The calendar's name does not exist."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    address = urlsplit(lab.stack.environment["CALENDAR_URL"])
    name = f"http://calendar.nowhere.invalid:{address.port}{address.path}"
    lab.services[0] = name
    lab.stack.restart_app(env={"CALENDAR_URL": name})
    yield
