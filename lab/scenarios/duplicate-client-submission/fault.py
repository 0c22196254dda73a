"""An e-mail address that exists is entered again, and nobody expected it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import again_and_again, ask, settle
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    settle(lab)
    with again_and_again(
        lambda: ask(lab, "POST", "/managers", {"name": "Manager 9", "email": "manager9@example.com"}), 0.5
    ):
        yield
