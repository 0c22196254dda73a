"""A job takes longer than its period."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from examples.support.processes import Child
from lab.harness import Lab
from lab.means import long_ago


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    stack = lab.stack
    long_ago(stack)
    jobs = []
    try:
        for number in range(6):
            job = Child(
                [sys.executable, "-m", "meeting_scheduler.report"],
                environment=stack.environment,
                directory=stack.repository,
                output=stack.workdir / f"report-{number}.out",
            )
            jobs.append(job)
            time.sleep(4)
        yield
    finally:
        for job in jobs:
            job.kill()
        stack.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'report'")
