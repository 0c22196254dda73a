"""A harmless deploy, and an index that somebody dropped."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.deploy("harmless")
    time.sleep(6)
    lab.stack.execute(f"DROP INDEX {lab.stack.roles.needed_index}")
    yield
