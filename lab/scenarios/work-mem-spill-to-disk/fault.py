"""work_mem is so small that a report sorts on disk."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab
from lab.means import Caller


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    def report() -> urllib.request.Request:
        return urllib.request.Request(f"{lab.stack.base_url}/statistics/guests")

    with Caller(report, 0.5):
        time.sleep(3.0)
        lab.stack.execute(f"ALTER DATABASE {lab.stack.database} SET work_mem = '256kB'")
        lab.stack.restart_app()
        yield
