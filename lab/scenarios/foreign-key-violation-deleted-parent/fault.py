"""Files are attached to meetings that were deleted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import again_and_again, ask, settle
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    settle(lab)
    with again_and_again(
        lambda: ask(
            lab, "POST", f"/meetings/{lab.random.randint(900_000, 990_000)}/attachments?name=a.pdf", content=b"x" * 500
        ),
        0.5,
    ):
        yield
