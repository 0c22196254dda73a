"""Would the token endpoint still give us a token? An experiment that needs explicit credentials."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlencode

from diagnostics.model.observation import FailureKind, Observation, ProbeFailure, Reading, Unit
from diagnostics.runtime.clock import Clock
from diagnostics.runtime.http import ConnectError, locate, request
from diagnostics.runtime.redaction import redact
from diagnostics.system_monitor.probes.services import http_date

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

    Attributes:
        scopes: What the application needs; those that were not granted are named.
    """

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    service: str = ""
    timeout_seconds: float = 5.0
    scopes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return "service.token"

    @property
    def deadline_seconds(self) -> float:
        return 2 * self.timeout_seconds + 3.0

    def observe(self, clock: Clock) -> Iterator[Observation]:
        """Yield ``service.token``: 1 refreshed, 0 refused and why; how long a new one lives and which scopes it lacks.

        The answer's own moment is read, too (``service.clock_offset``): a clock that is off makes good tokens bad.
        """
        service = self.service or locate(self.token_url).authority
        sent = clock.now()
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
        theirs = http_date(answer.headers.get("date", ""))
        if theirs is not None:
            now = clock.now()
            yield Reading(
                name="service.clock_offset",
                value=(theirs - (sent + (now - sent) / 2)).total_seconds() + 0.5,
                unit=Unit.SECONDS,
                at=now,
                source="Date",
                labels={"service": service},
            )
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
            yield from self._granted(service, content, clock)
        elif error_code or answer.status in {400, 401, 403}:
            code = error_code if error_code in ERRORS else "other"
            yield Reading(
                name=self.name,
                value=0.0,
                unit=Unit.BOOLEAN,
                at=clock.now(),
                source="POST",
                labels=labels | {"error": code, "reason": refusal(code, str(content.get("error_description", "")))},
            )
        else:
            yield ProbeFailure(
                name=self.name,
                kind=FailureKind.PROTOCOL,
                message=f"the token endpoint answered {answer.status} without a token or an error",
                at=clock.now(),
                labels=labels,
            )

    def _granted(self, service: str, content: dict[str, object], clock: Clock) -> Iterator[Observation]:
        at = clock.now()
        lives = content.get("expires_in")
        if isinstance(lives, int | float) and not isinstance(lives, bool):
            yield Reading(
                name="service.token.expires_in",
                value=float(lives),
                unit=Unit.SECONDS,
                at=at,
                source="POST",
                labels={"service": service},
            )
        granted = content.get("scope")
        if isinstance(granted, str):  # without it, all that was asked for was granted (RFC 6749, 5.1)
            for scope in self.scopes:
                if scope not in granted.split():
                    yield Reading(
                        name="service.token.scope_missing",
                        value=1.0,
                        unit=Unit.BOOLEAN,
                        at=at,
                        source="POST",
                        labels={"service": service, "scope": scope},
                    )


_SKEWED = re.compile(r"\b(?:iat|exp|nbf|clock|time ?frame|short-lived|future)\b|expired assertion", re.IGNORECASE)
_REASONS = {
    "invalid_client": "client",
    "unauthorized_client": "client",
    "deleted_client": "client",
    "invalid_scope": "scope",
    "access_denied": "policy",
    "org_internal": "policy",
    "admin_policy_enforced": "policy",
    "server_error": "theirs",
    "temporarily_unavailable": "theirs",
    "rate_limit_exceeded": "quota",
}


def refusal(error: str, description: str) -> str:
    """Return why a token is refused: ``revoked``, ``clock_skew``, ``scope``, ``client``, ``policy``, … (pure).

    Example:
        >>> refusal("invalid_grant", "Token has been expired or revoked.")
        'revoked'
        >>> refusal("invalid_grant", "Token must be a short-lived token and in a reasonable timeframe. Check iat and exp.")
        'clock_skew'
    """
    if error == "invalid_grant":
        return "clock_skew" if _SKEWED.search(description) else "revoked"
    return _REASONS.get(error, "other")


def _json(body: bytes) -> dict[str, object]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
