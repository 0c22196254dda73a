"""The configured address of the remote service has its path twice, or no scheme."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    variable = lab.stack.roles.remote_url
    right = lab.stack.environment[variable]
    parts = urlsplit(right)
    if lab.random.random() < 0.5:
        wrong = parts._replace(path=f"{parts.path}/v3").geturl()
        lab.services[lab.services.index(right)] = wrong
    else:
        wrong = f"{parts.netloc}{parts.path}"
    lab.stack.restart_app(env={variable: wrong})
    yield
