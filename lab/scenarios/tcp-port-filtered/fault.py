"""A firewall drops what is sent to the remote service's port."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from lab.harness import Lab
from lab.means import firewall


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    port = urlsplit(lab.stack.environment[lab.stack.roles.remote_url]).port
    with firewall("INPUT", "-i", "lo", "-p", "tcp", "--dport", str(port), "-j", "DROP"):
        yield
