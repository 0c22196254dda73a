"""Big uploads need more memory than the service may use."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
from lab.harness import Lab
from lab.means import Caller, control_group, supervised


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    resident = psutil.Process(lab.stack.app_pid).memory_info().rss

    def upload() -> urllib.request.Request:
        url = f"{lab.stack.base_url}/meetings/{lab.random.randint(390_001, 400_000)}/attachments?name=film.mp4"
        return urllib.request.Request(url, bytes(90 * 1024**2), method="POST")

    lab.stack.stop_app()
    with (
        supervised(lab.stack),
        control_group(lab.stack, "memory", limit_in_bytes=resident + 80 * 1024**2),
    ):
        lab.stack.start_app()
        time.sleep(4)
        with Caller(upload, every_seconds=4.0):
            yield
