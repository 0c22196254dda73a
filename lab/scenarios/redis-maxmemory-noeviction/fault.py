"""Somebody fills Redis with keys that never expire, up to its limit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    redis = lab.stack.redis
    redis.command("CONFIG", "SET", "maxmemory", "6mb")
    number = 0
    while not redis.command("SET", f"export:{number}", "x" * 50_000).startswith(b"-OOM"):
        number += 1
    yield
    redis.command("CONFIG", "SET", "maxmemory", "0")
