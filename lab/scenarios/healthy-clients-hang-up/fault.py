"""Browsers are closed before the answer comes."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from lab.around import again_and_again
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    with again_and_again(lambda: _hang_up(lab), 0.3):
        yield


def _hang_up(lab: Lab) -> None:
    address = urlsplit(lab.stack.base_url)
    with socket.create_connection((address.hostname or "127.0.0.1", address.port or 80), timeout=5) as connection:
        connection.sendall(f"GET {lab.stack.roles.main_path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
