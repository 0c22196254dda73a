"""The variable with the bundle of authorities names a file that is not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.restart_app(env={"CA_FILE": "/etc/pki/corp/ca-bundle.pem"}, wait=False)
    yield
