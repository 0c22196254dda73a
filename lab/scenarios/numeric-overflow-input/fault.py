"""A price that the column cannot hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import again_and_again, ask, settle
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    settle(lab)
    with again_and_again(
        lambda: ask(lab, "POST", f"/meetings/{lab.random.randint(391_000, 399_000)}/price", {"price": "99999999.99"}),
        0.5,
    ):
        yield
