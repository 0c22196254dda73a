"""Large packets on the way from the database get lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from lab.harness import Lab
from lab.means import firewall


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    port = urlsplit(lab.stack.database_url).port
    large = ("-m", "length", "--length", "1400:65535")
    with firewall("INPUT", "-i", "lo", "-p", "tcp", "--sport", str(port), *large, "-j", "DROP"):
        yield
