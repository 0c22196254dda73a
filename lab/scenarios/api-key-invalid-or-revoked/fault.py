"""The provider has revoked our API key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from lab.harness import Lab
from lab.means import Answer, Front

_INVALID = (
    b'{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key.", '
    b'"status": "INVALID_ARGUMENT", "details": [{"reason": "API_KEY_INVALID"}]}}'
)


def _refuse(path: str, headers: Mapping[str, str], body: bytes) -> Answer | None:
    return (400, _INVALID) if headers.get("x-goog-api-key") else None


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    if lab.stack.name != "meeting_scheduler":
        # Its provider knows keys by itself.
        lab.stack.fakes.set(lab.stack.roles.remote, status=401)
        yield
        lab.stack.fakes.normal(lab.stack.roles.remote)
        return
    variable = lab.stack.roles.remote_url
    with Front(lab.stack.environment[variable], _refuse) as front:
        lab.stack.restart_app(env={"CALENDAR_API_KEY": "AIzaSy-loopback-key-of-last-year", variable: front.url})
        lab.services[0] = front.url
        yield
