"""One pooled connection for all requests, where some of them keep theirs for a while."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from examples.meeting_scheduler.load import Load
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    # Reports are part of the usual traffic: they come before the change already.
    with Load(lab.stack.base_url, rate=90.0, seed=5, operations=["list_meetings", "list_slots", "reschedule_meeting"]):
        time.sleep(12)
        lab.stack.restart_app(env={"POOL_SIZE": "1", "MAX_OVERFLOW": "0"})
        yield
