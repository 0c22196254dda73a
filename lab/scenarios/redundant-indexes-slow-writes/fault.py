"""A table carries a dozen indexes that say the same, and bulk writes pay for each of them."""

from __future__ import annotations

import itertools
import json
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from lab.harness import Lab
from lab.means import Caller


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    numbers = itertools.count()

    def calendar() -> urllib.request.Request:
        return _calendar(lab.stack.base_url, next(numbers))

    with Caller(calendar, 0.3):
        time.sleep(3.0)
        for number in range(30):
            columns = ("title, attendee_email", "attendee_email, title", "title, starts_at, attendee_email")[number % 3]
            lab.stack.execute(f"CREATE INDEX ix_meetings_{number} ON meetings ({columns})")
        yield


def _calendar(base_url: str, number: int) -> urllib.request.Request:
    then = datetime.now(UTC) - timedelta(days=4000)
    body = [
        {
            "title": f"Meeting {(number * 7919 + n * 104729) % 1_000_000}",
            "starts_at": (then - timedelta(minutes=(number * 7919 + n * 7) % 900_000)).isoformat(),
            "attendee_email": f"guest{(n * 7717) % 5000}@example.org",
        }
        for n in range(2500)
    ]
    headers = {"content-type": "application/json"}
    return urllib.request.Request(f"{base_url}/managers/{1 + number % 200}/past", json.dumps(body).encode(), headers)
