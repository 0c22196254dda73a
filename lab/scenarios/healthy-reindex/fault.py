"""An index is rebuilt concurrently."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import again_and_again
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    index = lab.stack.roles.needed_index
    with again_and_again(lambda: lab.stack.execute(f"REINDEX INDEX CONCURRENTLY {index}"), 2.0):
        yield
