"""A release leaves descriptors open."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
from lab.harness import Lab

_ROOM = 25


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.deploy("leaks_descriptors")
    service = psutil.Process(lab.stack.app_pid)
    for process in (service, *service.children(recursive=True)):
        limit = process.num_fds() + _ROOM
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (limit, limit))
    yield
