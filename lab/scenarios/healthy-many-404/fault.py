"""Old links lead nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import again_and_again, ask
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    with again_and_again(lambda: ask(lab, "GET", f"/meetings/{lab.random.randint(9_000_000, 9_900_000)}"), 0.4):
        yield
