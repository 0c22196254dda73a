"""One outside service, step by step: name, TCP, TLS, first byte, limits, clock."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from diagnostics.model.observation import FailureKind, Observation, ProbeFailure, Reading, Unit
from diagnostics.runtime.clock import Clock
from diagnostics.runtime.http import (
    Answer,
    ConnectError,
    Location,
    Resolved,
    connect_tcp,
    exchange,
    locate,
    start_tls,
)
from diagnostics.runtime.redaction import redact
from diagnostics.system_monitor.probes.dns import observe_dns
from diagnostics.system_monitor.probes.tls import observe_tls

TCP_SECONDS = 3.0
FIRST_BYTE_SECONDS = 5.0
PLAIN_SECONDS = 2.0
TIMES = 3
MOST_ADDRESSES = 4
MOST_SILENT = 2
DEADLINE_SECONDS = 14.0
_LIMITS = {
    "remaining": ("x-ratelimit-{}", "ratelimit-{}", "x-rate-limit-{}", "x-ratelimit-{}-requests"),
    "limit": ("x-ratelimit-{}", "ratelimit-{}", "x-rate-limit-{}", "x-ratelimit-{}-requests"),
    "reset": ("x-ratelimit-{}", "ratelimit-{}", "x-rate-limit-{}", "x-ratelimit-{}-requests"),
}
_MOST_BODY = 1 << 16
_WORD = re.compile(r"[A-Za-z][\w.-]{0,60}")
_A_MOMENT = 1e9
"""Numbers beyond this are unix seconds, not seconds to wait."""


@dataclass(frozen=True, slots=True)
class ServiceProbe:
    """Looks at an HTTP service that the application depends on; GET only.

    Attributes:
        url: What is asked for; a status such as 401 or 404 is an answer, too.
        service: Label of all readings; the host (and a port that is not the usual one) when not given.
        token: Sent as a bearer token, when given.
        ca_file: Further certificates to trust, when the application trusts more than the system.
        times: How often the first byte is timed.
        expect: Regular expression that the body of a good answer has to contain.
    """

    url: str
    service: str = field(default="", kw_only=True)
    token: str | None = field(default=None, kw_only=True, repr=False)
    ca_file: str | Sequence[str] | None = field(default=None, kw_only=True)
    times: int = field(default=TIMES, kw_only=True)
    timeout_seconds: float = field(default=FIRST_BYTE_SECONDS, kw_only=True)
    expect: str = field(default="", kw_only=True)

    @property
    def name(self) -> str:
        return f"service.connect:{self.service or locate(self.url).authority}"

    @property
    def deadline_seconds(self) -> float:
        return DEADLINE_SECONDS

    def observe(self, clock: Clock) -> Iterator[Observation]:
        """Yield the readings of docs/reference/observations.md, section External services."""
        location = locate(self.url)
        service = self.service or location.authority
        places, seen = observe_dns(service, location.host, location.port, clock)
        yield seen
        usable: list[Resolved] = []
        silent = 0
        for place in places[:MOST_ADDRESSES]:
            is_open, observation = observe_connect(service, place, clock)
            yield observation
            silent += isinstance(observation, ProbeFailure) and observation.kind is FailureKind.TIMEOUT
            if is_open:
                usable.append(place)
            if silent >= MOST_SILENT:
                break
        if not usable:
            return
        if location.scheme == "https":
            line, observations = observe_tls(
                service, location.host, usable[0], clock, timeout=self.timeout_seconds, ca_file=self.ca_file
            )
            yield from observations
            if line is None:
                if not any(isinstance(o, ProbeFailure) and o.labels.get("reason") for o in observations):
                    yield from _speaks_plainly(service, location, usable[0], clock)
                return
            line.close()
        yield from self._ask(service, location, usable[0], clock)

    def _ask(self, service: str, location: Location, place: Resolved, clock: Clock) -> Iterator[Observation]:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        answer: Answer | None = None
        for _ in range(self.times):
            sent = clock.now()
            try:
                answer = ask_once(
                    location,
                    place,
                    clock,
                    headers=headers,
                    timeout=self.timeout_seconds,
                    ca_file=self.ca_file,
                )
            except ConnectError as error:
                yield http_failure("service.first_byte", {"service": service}, error, clock)
                # Three timeouts in a row tell no more than one, and cost the deadline.
                if error.elapsed >= self.timeout_seconds / 2:
                    return
                continue
            yield from answered(service, answer, sent, clock)
            if self.expect and answer.status < 400:
                yield _body_reading(service, answer, self.expect, clock)
            if answer.status == 429:
                # It asked us to go away; the application needs what is left of the limit.
                return


def _speaks_plainly(service: str, location: Location, place: Resolved, clock: Clock) -> Iterator[Observation]:
    """Yield why a handshake came to nothing, when the port answers a plain question."""
    plain = replace(location, scheme="http")
    try:
        answer = ask_once(plain, place, clock, headers={}, timeout=PLAIN_SECONDS)
    except ConnectError:
        return
    yield ProbeFailure(
        name="service.tls",
        kind=FailureKind.TLS,
        message=f"the port answers plain HTTP ({answer.status}) and no TLS",
        at=clock.now(),
        source="http",
        labels={"service": service, "address": place.address, "phase": "tls", "reason": "plain_http"},
    )


def observe_connect(
    service: str, place: Resolved, clock: Clock, *, timeout: float = TCP_SECONDS
) -> tuple[bool, Observation]:
    """Return whether one address answers, and how fast or why not."""
    started = clock.monotonic()
    labels = {"service": service, "address": place.address}
    try:
        connect_tcp(place, clock, timeout=timeout).close()
    except ConnectError as error:
        return False, http_failure("service.connect", labels, error, clock)
    seconds = clock.monotonic() - started
    return True, Reading(
        name="service.connect",
        value=seconds,
        unit=Unit.SECONDS,
        at=clock.now(),
        source="connect",
        labels=labels,
    )


def ask_once(
    location: Location,
    place: Resolved,
    clock: Clock,
    *,
    headers: Mapping[str, str],
    timeout: float,
    ca_file: str | Sequence[str] | None = None,
) -> Answer:
    """Return the answer to one GET over a fresh connection to that address.

    Raises:
        ConnectError: Any step failed.
    """
    line = connect_tcp(place, clock, timeout=min(timeout, TCP_SECONDS))
    if location.scheme == "https":
        line = start_tls(line, location.host, clock, timeout=timeout, ca_file=ca_file)
    try:
        return exchange(line, location, clock, headers=headers, timeout=timeout)
    finally:
        line.close()


def answered(service: str, answer: Answer, sent: datetime, clock: Clock) -> Iterator[Observation]:
    """Yield what one answer tells."""
    at = clock.now()
    labels = {"service": service}

    def read(name: str, value: float, unit: Unit, source: str) -> Reading:
        return Reading(name=name, value=value, unit=unit, at=at, source=source, labels=labels)

    yield read("service.first_byte", answer.first_byte_seconds, Unit.SECONDS, "GET")
    yield read("service.status", float(answer.status), Unit.COUNT, "GET")
    reason = refusal_of(answer.body) if answer.status >= 400 else ""
    if reason:
        yield Reading(
            name="service.refusal",
            value=float(answer.status),
            unit=Unit.COUNT,
            at=at,
            source="body of the answer",
            labels=labels | {"reason": reason},
        )
    wait = retry_after(answer.headers.get("retry-after", ""), at)
    if wait is not None:
        yield read("service.retry_after", wait, Unit.SECONDS, "Retry-After")
    limits = rate_limits(answer.headers, at)
    for name, unit in (("remaining", Unit.COUNT), ("limit", Unit.COUNT), ("reset", Unit.SECONDS)):
        if name in limits:
            yield read(f"service.rate_limit.{name}", limits[name], unit, name)
    if limits.get("limit"):
        used = 1.0 - min(1.0, limits.get("remaining", limits["limit"]) / limits["limit"])
        yield read("service.rate_limit.used_ratio", used, Unit.RATIO, "remaining, limit")
    theirs = http_date(answer.headers.get("date", ""))
    if theirs is not None:
        # The header has whole seconds: half a second is added on average; our moment is the middle
        # of the exchange.
        middle = sent + (at - sent) / 2
        yield read("service.clock_offset", (theirs - middle).total_seconds() + 0.5, Unit.SECONDS, "Date")


def rate_limits(headers: Mapping[str, str], now: datetime) -> dict[str, float]:
    """Return ``remaining``, ``limit`` and ``reset`` (seconds) as far as the headers say (pure).

    Example:
        >>> rate_limits({"x-ratelimit-limit": "60", "x-ratelimit-remaining": "12"}, datetime.now(UTC))
        {'remaining': 12.0, 'limit': 60.0}
    """
    found = {}
    for name, forms in _LIMITS.items():
        for form in forms:
            text = headers.get(form.format(name), "").partition(",")[0].partition(";")[0].strip()
            if text.replace(".", "", 1).isdigit():
                value = float(text)
                if name == "reset" and value > _A_MOMENT:
                    value = max(0.0, value - now.timestamp())
                found[name] = value
                break
    return found


def refusal_of(body: bytes) -> str:
    """Return the one word that an error's body gives as its reason, empty without one (pure).

    Read are Google's (``error.errors[0].reason``, ``error.details[0].reason``, ``error.status``), RFC 9457's ``type`` is not:
    it is an address. A word is letters, digits and ``_ . -``; no server can write a sentence into our reports.

    Example:
        >>> refusal_of(b'{"error": {"code": 403, "errors": [{"reason": "userRateLimitExceeded"}]}}')
        'userRateLimitExceeded'
    """
    try:
        content = json.loads(body[:_MOST_BODY])
    except (ValueError, RecursionError):
        return ""
    error = content.get("error", content) if isinstance(content, dict) else content
    found: list[object] = [error]
    if isinstance(error, dict):
        parts = [part for key in ("errors", "details") for part in (error.get(key) or ())[:3]]
        found = [part.get("reason") for part in parts if isinstance(part, dict)]
        found += [error.get(key) for key in ("reason", "code", "status", "error")]
    return next((word for word in found if isinstance(word, str) and _WORD.fullmatch(word)), "")


def _body_reading(service: str, answer: Answer, expect: str, clock: Clock) -> Reading:
    text = answer.body.decode("utf-8", "replace")
    return Reading(
        name="service.body_ok",
        value=float(re.search(expect, text) is not None),
        unit=Unit.BOOLEAN,
        at=clock.now(),
        source="GET",
        labels={"service": service, "condition": expect[:200]},
    )


def retry_after(text: str, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for, as a number or as a date (pure)."""
    text = text.strip()
    if not text:
        return None
    if text.replace(".", "", 1).isdigit():
        return min(float(text), 1e9)
    moment = http_date(text)
    return None if moment is None else max(0.0, (moment - now).total_seconds())


def http_date(text: str) -> datetime | None:
    """Return the moment of an HTTP date, or None (pure)."""
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def http_failure(name: str, labels: Mapping[str, str], error: ConnectError, clock: Clock) -> ProbeFailure:
    """Return a failed step as an observation."""
    more = {"phase": error.phase}
    if error.reason:
        more["reason"] = error.reason
    if error.errno is not None:
        more["errno"] = str(error.errno)
    return ProbeFailure(
        name=name,
        kind=error.kind,
        message=redact(str(error)) or error.kind.value,
        at=clock.now(),
        source=error.phase,
        labels={**labels, **more},
        elapsed_seconds=error.elapsed,
    )


@dataclass(frozen=True, slots=True)
class TelegramBotApi:
    """Looks at the Telegram Bot API: ``getMe`` with the bot's token, the bare host without."""

    token: str | None = field(default=None, repr=False)
    base_url: str = field(default="https://api.telegram.org", kw_only=True)
    ca_file: str | Sequence[str] | None = field(default=None, kw_only=True)

    @property
    def name(self) -> str:
        return "service.connect:telegram"

    @property
    def deadline_seconds(self) -> float:
        return DEADLINE_SECONDS

    def observe(self, clock: Clock) -> Iterator[Observation]:
        """Yield the readings of a service; the token stands in the path and is never shown."""
        url = self.base_url.rstrip("/") + (f"/bot{self.token}/getMe" if self.token else "/")
        expect = r'"ok"\s*:\s*true' if self.token else ""
        for item in ServiceProbe(url, service="telegram", expect=expect, ca_file=self.ca_file).observe(clock):
            yield item
            if self.token and isinstance(item, Reading) and item.name == "service.status" and item.value == 404:
                # A token of the wrong form is a path that Telegram does not know.
                yield replace(item, name="service.refusal", labels={**item.labels, "reason": "bot_token_unknown"})


@dataclass(frozen=True, slots=True)
class GoogleCalendar:
    """Looks at Google Calendar.

    With an access token it asks for one calendar, without for the public description.
    """

    token: str | None = field(default=None, repr=False)
    base_url: str = field(default="https://www.googleapis.com", kw_only=True)
    ca_file: str | Sequence[str] | None = field(default=None, kw_only=True)

    @property
    def name(self) -> str:
        return "service.connect:google-calendar"

    @property
    def deadline_seconds(self) -> float:
        return DEADLINE_SECONDS

    def observe(self, clock: Clock) -> Iterator[Observation]:
        """Yield the readings of a service."""
        path = (
            "/calendar/v3/users/me/calendarList?maxResults=1" if self.token else "/discovery/v1/apis/calendar/v3/rest"
        )
        url = self.base_url.rstrip("/") + path
        probe = ServiceProbe(
            url, service="google-calendar", token=self.token, ca_file=self.ca_file, expect=r'"kind"\s*:'
        )
        yield from probe.observe(clock)
