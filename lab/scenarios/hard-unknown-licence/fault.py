"""A licence of an engine has no seat left: nothing that the map knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import settle
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    settle(lab)
    (lab.stack.upload_dir.parent / "licence").write_text("0")
    yield
