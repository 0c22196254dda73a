"""Pool timeouts of the night are over, now the calendar is slow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import service_does, stamp, write_earlier
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    write_earlier(lab, [line for number in range(100) for line in _failed(7200 - 5 * number)])
    with service_does(lab, lab.stack.roles.remote, latency=2.4, jitter=0.3):
        yield


def _failed(ago: float) -> list[str]:
    return [
        f"{stamp(ago)} ERROR meeting_scheduler.errors Unhandled error in GET /managers/7/meetings",
        "Traceback (most recent call last):",
        '  File "/srv/app/meeting_scheduler/services/meetings.py", line 51, in of_manager',
        "    _manager(session, manager_id)",
        "sqlalchemy.exc.TimeoutError: QueuePool limit of size 5 overflow 5 reached, connection timed out, timeout 5.00",
        f'{stamp(ago)} INFO meeting_scheduler.access "GET /managers/7/meetings" 500 5014.2ms',
    ]
