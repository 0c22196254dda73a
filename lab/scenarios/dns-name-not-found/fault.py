"""The remote service's name does not exist."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    variable = lab.stack.roles.remote_url
    right = lab.stack.environment[variable]
    address = urlsplit(right)
    name = f"http://{lab.stack.roles.remote}.nowhere.invalid:{address.port}{address.path}"
    lab.services[lab.services.index(right)] = name
    lab.stack.restart_app(env={variable: name})
    yield
