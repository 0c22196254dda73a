"""A few forms are filled in wrongly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import again_and_again, ask
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    with again_and_again(lambda: ask(lab, "POST", "/meetings", {"manager_id": 7, "title": "x" * 300}), 3.0):
        yield
