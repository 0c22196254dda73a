"""A scanner asks for pages that do not exist."""

from __future__ import annotations

import contextlib
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=_scan, args=(lab, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)


def _scan(lab: Lab, stop: threading.Event) -> None:
    while not stop.wait(0.2):
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{lab.stack.base_url}/wp-login.php", timeout=5)
