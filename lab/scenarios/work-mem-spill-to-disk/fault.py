"""work_mem is so small that a report sorts on disk."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab
from lab.means import Caller


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    def report() -> urllib.request.Request:
        return urllib.request.Request(f"{lab.stack.base_url}/statistics/guests")

    lab.stack.execute(f"ALTER DATABASE {lab.stack.database} SET work_mem = '64kB'")
    lab.stack.restart_app()
    with Caller(report, 0.2), Caller(report, 0.2):
        yield
