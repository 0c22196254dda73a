"""A release leaves answers of the remote service open until the client has no connection left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.restart_app(env={"HTTP_POOL_SIZE": "6"}, release="open_answers")
    yield
