"""One deadlock an hour ago."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import stamp, write_earlier
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    write_earlier(lab, _deadlock())
    yield


def _deadlock() -> list[str]:
    return [
        f"{stamp(3700)} INFO meeting_scheduler.app Started with a pool of 5+5 connections",
        f"{stamp(3600)} ERROR meeting_scheduler.errors Unhandled error in POST /meetings/swap",
        "Traceback (most recent call last):",
        '  File "/srv/app/meeting_scheduler/services/meetings.py", line 171, in swap',
        "    _meeting(session, meeting_id, lock=True)",
        "sqlalchemy.exc.OperationalError: (psycopg.errors.DeadlockDetected) deadlock detected",
        "DETAIL:  Process 4711 waits for ShareLock on transaction 991; blocked by process 4712.",
        f'{stamp(3600)} INFO meeting_scheduler.access "POST /meetings/swap" 500 1014.2ms',
    ]
