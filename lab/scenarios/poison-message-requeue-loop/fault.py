"""A release tries an import again without pause or limit, and one list cannot be read."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    stack = lab.stack
    stack.deploy("poison_message")
    request = urllib.request.Request(f"{stack.base_url}/price-lists/", b"isbn;price in euro\n1;12,50\n")
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 202
    yield
    stack.undo_deploy()
