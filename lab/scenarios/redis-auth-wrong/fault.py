"""The password of Redis was rotated, the shop still has the old one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    redis = lab.stack.redis
    old, redis_new = redis.password, f"{redis.password}-new"
    redis.command("CONFIG", "SET", "requirepass", redis_new)
    redis.password = redis_new
    redis.command("CLIENT", "KILL", "TYPE", "normal")
    redis.command("CLIENT", "KILL", "TYPE", "pubsub")
    yield
    redis.command("CONFIG", "SET", "requirepass", old)
    redis.password = old
