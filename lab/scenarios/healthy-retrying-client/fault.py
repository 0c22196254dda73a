"""A client repeats a request that is refused for a good reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import again_and_again, ask
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    with again_and_again(lambda: _insist(lab), 0.7):
        yield


def _insist(lab: Lab) -> None:
    """Move a meeting to where another one is, three times in a row, as impatient people do."""
    _, body = ask(lab, "GET", "/managers/7/meetings?limit=2")
    first, second = json.loads(body)[:2]
    for _ in range(3):
        ask(lab, "POST", f"/meetings/{first['id']}/reschedule", {"starts_at": second["starts_at"]})
