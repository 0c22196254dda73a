"""A name leads to ::1 first, where nobody listens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab
from lab.means import private_files


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    variable = lab.stack.roles.remote_url
    address = lab.stack.environment[variable]
    named = address.replace("127.0.0.1", "localhost")
    with private_files({"/etc/hosts": "::1 localhost\n127.0.0.1 localhost\n"}):
        lab.services[lab.services.index(address)] = named
        lab.stack.restart_app(env={variable: named})
        yield
