"""Would the token endpoint still give us a token? An experiment that needs explicit credentials."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlencode

from diagnostics.model.observation import FailureKind, Observation, ProbeFailure, Reading, Unit
from diagnostics.runtime.clock import Clock
from diagnostics.runtime.http import ConnectError, locate, request
from diagnostics.runtime.redaction import redact

# RFC 6749, 5.2, and what Google adds; anything else is shown as "other" so that no server can write into
# our reports.
ERRORS = frozenset(
    [
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
        "access_denied",
        "server_error",
        "temporarily_unavailable",
        "rate_limit_exceeded",
        "deleted_client",
        "org_internal",
        "admin_policy_enforced",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenProbe:
    """Refreshes an OAuth 2 access token once and throws it away.

    Most servers keep the refresh token valid; one that rotates it (RFC 6749, 6) invalidates the old one, so
    this is never part of a sweep.
    """

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    service: str = ""
    timeout_seconds: float = 5.0

    @property
    def name(self) -> str:
        return "service.token"

    @property
    def deadline_seconds(self) -> float:
        return 2 * self.timeout_seconds + 3.0

    def observe(self, clock: Clock) -> Iterator[Observation]:
        """Yield ``service.token``: 1 refreshed, 0 refused and why."""
        service = self.service or locate(self.token_url).authority
        form = {
            "grant_type": "refresh_token",
            "refresh_token": self.refresh_token,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        try:
            answer = request(
                self.token_url,
                clock,
                method="POST",
                headers=headers,
                body=urlencode(form).encode(),
                timeout=self.timeout_seconds,
            )
        except ConnectError as error:
            labels = {"service": service, "phase": error.phase} | ({"reason": error.reason} if error.reason else {})
            yield ProbeFailure(
                name=self.name,
                kind=error.kind,
                message=redact(str(error)) or error.kind.value,
                at=clock.now(),
                labels=labels,
                elapsed_seconds=error.elapsed,
            )
            return
        content = _json(answer.body)
        error_code = str(content.get("error", ""))
        labels = {"service": service, "status": str(answer.status)}
        if answer.status == 200 and content.get("access_token"):
            yield Reading(
                name=self.name,
                value=1.0,
                unit=Unit.BOOLEAN,
                at=clock.now(),
                source="POST",
                labels=labels | {"error": ""},
            )
        elif error_code or answer.status in {400, 401, 403}:
            code = error_code if error_code in ERRORS else "other"
            yield Reading(
                name=self.name,
                value=0.0,
                unit=Unit.BOOLEAN,
                at=clock.now(),
                source="POST",
                labels=labels | {"error": code},
            )
        else:
            yield ProbeFailure(
                name=self.name,
                kind=FailureKind.PROTOCOL,
                message=f"the token endpoint answered {answer.status} without a token or an error",
                at=clock.now(),
                labels=labels,
            )


def _json(body: bytes) -> dict[str, object]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
