"""A release leaves descriptors open."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.deploy("leaks_descriptors")
    resource.prlimit(lab.stack.app_pid, resource.RLIMIT_NOFILE, (90, 90))
    yield
