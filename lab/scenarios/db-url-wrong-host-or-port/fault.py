"""The configuration names another database or port than there is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from examples.support.processes import free_port
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    url = lab.stack.environment["DATABASE_URL"]
    parts = urlsplit(url)
    if lab.random.random() < 0.5:
        wrong = parts._replace(path="/scheduler_prod")
    else:
        wrong = parts._replace(netloc=parts.netloc.replace(f":{parts.port}", f":{free_port()}"))
    lab.stack.restart_app(env={"DATABASE_URL": wrong.geturl()})
    yield
