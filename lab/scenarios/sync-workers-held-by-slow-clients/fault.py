"""As many clients as there are workers have sent half a request."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab

_HALF = b"POST /parcels HTTP/1.1\r\nHost: parcels.example\r\nContent-Type: application/json\r\nContent-Le"


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    workers = int(lab.stack.environment["WEB_CONCURRENCY"])
    with contextlib.ExitStack() as lines:
        for _ in range(workers + lab.random.randint(0, 2)):
            line = lines.enter_context(socket.create_connection(("127.0.0.1", lab.stack.port)))
            line.sendall(_HALF[: -lab.random.randint(0, 40)] if lab.random.random() < 0.5 else _HALF)
        yield
