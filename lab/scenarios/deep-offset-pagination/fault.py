"""A partner pages through everything, and each page skips all before it."""

from __future__ import annotations

import itertools
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab
from lab.means import Caller


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    pages = itertools.count(lab.random.randrange(6000, 7000))

    def page() -> urllib.request.Request:
        return urllib.request.Request(f"{lab.stack.base_url}/meetings?page={next(pages)}&size=50")

    with Caller(page, 0.05), Caller(page, 0.05), Caller(page, 0.05):
        yield
