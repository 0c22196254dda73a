"""The configuration says https to a port that speaks http."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    variable = lab.stack.roles.remote_url
    plain = lab.stack.environment[variable]
    secure = plain.replace("http://", "https://", 1)
    lab.services[lab.services.index(plain)] = secure
    lab.stack.restart_app(env={variable: secure})
    yield
