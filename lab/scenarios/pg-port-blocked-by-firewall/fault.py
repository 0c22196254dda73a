"""A firewall drops what is sent to the database's port."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab
from lab.means import firewall


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    port = str(lab.stack.postgres.port)
    with firewall("INPUT", "-i", "lo", "-p", "tcp", "--dport", port, "-j", "DROP"):
        yield
