"""A neighbour that never closes its connections takes all clients of Redis before the shop is restarted."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    redis = lab.stack.redis
    redis.command("CONFIG", "SET", "maxclients", "60")
    lab.stack.stop_web()
    with ExitStack() as kept:
        while True:
            connection = kept.enter_context(socket.create_connection(("127.0.0.1", redis.port)))
            connection.settimeout(2)
            connection.sendall(b"PING\r\n")
            if b"max number" in connection.recv(100):
                break
        lab.stack.restart_web()
        yield
    redis.command("CONFIG", "SET", "maxclients", "10000")
