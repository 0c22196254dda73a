"""The server plans without looking at values: a range of a few days is taken for a third of the table."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab
from lab.means import Caller


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    def counts() -> urllib.request.Request:
        return urllib.request.Request(f"{lab.stack.base_url}/statistics")

    with Caller(counts, 0.15), Caller(counts, 0.15):
        lab.stack.execute(f"ALTER DATABASE {lab.stack.database} SET plan_cache_mode = force_generic_plan")
        lab.stack.restart_app()
        yield
