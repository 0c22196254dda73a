"""A new domain is not among the allowed hosts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    stopped = threading.Event()

    def visit() -> None:
        with httpx2.Client(
            base_url=lab.stack.base_url, headers={"host": "api.shop.example"}, trust_env=False
        ) as client:
            while not stopped.wait(0.2):
                client.get("/books/7/")

    visitors = threading.Thread(target=visit, daemon=True)
    visitors.start()
    yield
    stopped.set()
    visitors.join()
