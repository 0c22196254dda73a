"""The proxy variables name a proxy that is gone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from examples.support.processes import free_port
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    proxy = f"http://127.0.0.1:{free_port()}"
    lab.stack.restart_app(env={"HTTP_PROXY": proxy, "HTTPS_PROXY": proxy, "NO_PROXY": "localhost"})
    yield
