"""A native library crashes on some uploads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab
from lab.means import supervised


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.stop_app()
    with supervised(lab.stack):
        lab.stack.commit_release("native_preview")
        lab.stack.start_app()
        yield
