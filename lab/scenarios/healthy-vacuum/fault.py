"""VACUUM and ANALYZE run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    thread = threading.Thread(
        target=lambda: lab.stack.execute(f"VACUUM ANALYZE {lab.stack.roles.hot_table}"), daemon=True
    )
    thread.start()
    yield
    thread.join(30)
