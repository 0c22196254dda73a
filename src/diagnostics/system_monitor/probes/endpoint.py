"""The sick service itself, as its users reach it: GET only."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Thread

from diagnostics.model.observation import FailureKind, Observation, ProbeFailure, Reading, Unit
from diagnostics.runtime.clock import Clock
from diagnostics.runtime.http import (
    BODY_LIMIT,
    Answer,
    ConnectError,
    Location,
    Resolved,
    connect_tcp,
    exchange,
    locate,
    resolve,
    start_tls,
)
from diagnostics.runtime.redaction import redact, redact_url, shorten

HEALTH_PATHS = ("/health", "/healthz", "/livez", "/health/live", "/api/health", "/ping", "/status")
TIMEOUT_SECONDS = 4.0
CONNECT_SECONDS = 3.0
SAMPLES = 3
HEALTH_SAMPLES = 6
CONCURRENCY = 2
MOST_OPERATIONS = 6
MOST_DESCRIPTION_BYTES = 2_000_000
MOST_SAID = 2_000
BUDGET_SECONDS = 6.0
SEARCH_SECONDS = 3.0
# Reading these may cost much or mean something: exports, streams, one-time links, the way out.
_AVOIDED = (
    "export",
    "download",
    "stream",
    "logout",
    "signout",
    "metrics",
    "docs",
    "redoc",
    "openapi",
    "events",
    "debug",
)


@dataclass(frozen=True, slots=True)
class EndpointProbe:
    """Asks the sick service a few harmless questions and takes the time of each answer.

    Attributes:
        url: Base URL.
        paths: What to ask for; found by the service's own description when not given.
        samples: How often each path is asked.
    """

    url: str
    paths: tuple[str, ...] | None = field(default=None, kw_only=True)
    samples: int = field(default=SAMPLES, kw_only=True)
    timeout_seconds: float = field(default=TIMEOUT_SECONDS, kw_only=True)
    window_seconds: float = field(default=2.0, kw_only=True)

    @property
    def name(self) -> str:
        return "endpoint.connect"

    @property
    def deadline_seconds(self) -> float:
        return BUDGET_SECONDS + 1.0

    def observe(self, clock: Clock) -> Iterator[Observation]:
        """Yield the readings of docs/reference/observations.md, section The sick service itself."""
        location = locate(self.url)
        shown = redact_url(self.url)
        started = clock.monotonic()
        try:
            place = _reach(location, clock)
        except ConnectError as error:
            yield _failure(self.name, {"url": shown}, error, clock)
            return
        seconds = clock.monotonic() - started
        yield Reading(
            name=self.name,
            value=seconds,
            unit=Unit.SECONDS,
            at=clock.now(),
            source="connect",
            labels={"url": shown},
        )
        visit = _Visit(location, place, clock, self.timeout_seconds)
        health, observations = visit.find_health(shown)
        yield from observations
        paths = list(self.paths) if self.paths is not None else [path for path in ("/",) if path != health]
        if self.paths is None and not visit.is_silent:
            paths += [path for path in visit.operations() if path not in {health, *paths}]
        yield from self._measure(visit, shown, health, paths, started, clock)

    def _measure(
        self, visit: _Visit, shown: str, health: str, paths: Sequence[str], started: float, clock: Clock
    ) -> Iterator[Observation]:
        """Ask for each path several times, two at a time, and for the health path over the whole window."""
        todo: SimpleQueue[str] = SimpleQueue()
        for path in (path for _ in range(self.samples) for path in paths):
            todo.put(path)
        wanted = todo.qsize()
        answers: SimpleQueue[tuple[str, tuple[Answer | ConnectError, float]]] = SimpleQueue()
        # Daemons: a service that does not answer must not keep this process from ending.
        for _ in range(min(CONCURRENCY, wanted)):
            Thread(target=_ask, args=(visit, todo, answers), name="diagnostics-endpoint", daemon=True).start()
        begun = clock.monotonic()
        for index in range(HEALTH_SAMPLES - 1 if health else 0):
            clock.sleep(begun + self.window_seconds * (index + 1) / HEALTH_SAMPLES - clock.monotonic())
            yield from _observed("endpoint.health_latency", shown, health, visit.get(health), clock)
            if clock.monotonic() - started > BUDGET_SECONDS / 2:
                break
        for _ in range(wanted):
            left = started + BUDGET_SECONDS - clock.monotonic()
            try:
                path, result = answers.get(timeout=max(0.01, left))
            except Empty:
                break
            yield from _observed("endpoint.latency", shown, path, result, clock)
        with contextlib.suppress(Empty):
            while True:
                todo.get_nowait()


def _ask(
    visit: _Visit, todo: SimpleQueue[str], answers: SimpleQueue[tuple[str, tuple[Answer | ConnectError, float]]]
) -> None:
    with contextlib.suppress(Empty):
        while True:
            path = todo.get_nowait()
            answers.put((path, visit.get(path)))


class _Visit:
    """GETs of one base URL over fresh connections to one address."""

    def __init__(self, location: Location, place: Resolved, clock: Clock, timeout: float) -> None:
        self._location = location
        self._place = place
        self._clock = clock
        self._timeout = timeout
        self._base = location.target.partition("?")[0].rstrip("/")
        self.is_silent = False

    def get(self, path: str, limit: int = BODY_LIMIT) -> tuple[Answer | ConnectError, float]:
        """Return the answer or the failure, and the seconds that it took in all."""
        started = self._clock.monotonic()
        target = self._base + path
        place = Location(
            scheme=self._location.scheme, host=self._location.host, port=self._location.port, target=target
        )
        try:
            line = connect_tcp(self._place, self._clock, timeout=CONNECT_SECONDS)
            if place.scheme == "https":
                line = start_tls(line, place.host, self._clock, timeout=self._timeout)
            try:
                answer = exchange(line, place, self._clock, timeout=self._timeout, limit=limit)
            finally:
                line.close()
        except ConnectError as error:
            return error, self._clock.monotonic() - started
        return answer, self._clock.monotonic() - started

    def find_health(self, shown: str) -> tuple[str, list[Observation]]:
        """Return the first health path that answers 2xx, and what was seen on the way."""
        started = self._clock.monotonic()
        for path in HEALTH_PATHS:
            if self._clock.monotonic() - started > SEARCH_SECONDS:
                break
            result = self.get(path)
            answer = result[0]
            if isinstance(answer, ConnectError):
                # A service that does not answer one path within seconds would not answer the next six.
                self.is_silent = answer.kind is FailureKind.TIMEOUT
                return "", list(_observed("endpoint.latency", shown, path, result, self._clock))
            if 200 <= answer.status < 300:
                return path, list(_observed("endpoint.health_latency", shown, path, result, self._clock))
            if answer.status >= 500:
                # A health path that says "not healthy" is known, too.
                return path, list(_observed("endpoint.latency", shown, path, result, self._clock))
        return "", []

    def operations(self) -> list[str]:
        """Return harmless GET paths of the service's OpenAPI description; none when it has no such thing."""
        answer, _ = self.get("/openapi.json", MOST_DESCRIPTION_BYTES)
        if isinstance(answer, ConnectError) or answer.status != 200:
            return []
        return harmless_operations(answer.body)


def harmless_operations(body: bytes) -> list[str]:
    """Return at most six GET paths that need neither a path nor a query parameter (pure)."""
    try:
        described = json.loads(body)
    except (ValueError, RecursionError):
        return []
    paths = described.get("paths") if isinstance(described, dict) else None
    if not isinstance(paths, dict):
        return []
    found: list[str] = []
    for path, item in paths.items():
        operation = item.get("get") if isinstance(item, dict) else None
        if not isinstance(operation, dict) or not str(path).startswith("/") or "{" in path or "?" in path:
            continue
        parameters = [*(item.get("parameters") or []), *(operation.get("parameters") or [])]
        needed = any(isinstance(p, dict) and (p.get("required") or "$ref" in p) for p in parameters)
        avoided = any(word in path.lower() for word in _AVOIDED) or operation.get("security")
        if not needed and not avoided and path not in HEALTH_PATHS:
            found.append(str(path))
    return found[:MOST_OPERATIONS]


def _reach(location: Location, clock: Clock) -> Resolved:
    """Return the first address that accepts a connection (and speaks TLS, for https).

    Raises:
        ConnectError: None does.
    """
    last: ConnectError | None = None
    for place in resolve(location.host, location.port, clock, timeout=CONNECT_SECONDS):
        try:
            line = connect_tcp(place, clock, timeout=CONNECT_SECONDS)
            if location.scheme == "https":
                line = start_tls(line, location.host, clock, timeout=TIMEOUT_SECONDS)
        except ConnectError as error:
            last = error
            continue
        line.close()
        return place
    raise last or ConnectError("no address", kind=FailureKind.DNS_NOT_FOUND, phase="dns")


def _observed(
    name: str, shown: str, path: str, result: tuple[Answer | ConnectError, float], clock: Clock
) -> Iterator[Observation]:
    answer, seconds = result
    labels: Mapping[str, str] = {"url": shown, "path": path}
    if isinstance(answer, ConnectError):
        yield _failure("endpoint.latency", labels, answer, clock)
        return
    at = clock.now()
    status = {"status": str(answer.status)}
    yield Reading(name=name, value=seconds, unit=Unit.SECONDS, at=at, source="GET", labels={**labels, **status})
    says = {"says": said} if answer.status >= 400 and (said := _said(answer.body)) else {}
    yield Reading(
        name="endpoint.status",
        value=answer.status,
        unit=Unit.COUNT,
        at=at,
        source="GET",
        labels={**labels, **says},
    )


def _said(body: bytes) -> str:
    """Return what a short answer says, without its markup: an error often names itself (pure)."""
    text = re.sub(r"<[^>]{0,200}>", " ", body[:MOST_SAID].decode("utf-8", "replace"))
    return shorten(redact(" ".join(text.split())), 120)


def _failure(name: str, labels: Mapping[str, str], error: ConnectError, clock: Clock) -> ProbeFailure:
    more = {"phase": error.phase} | ({"reason": error.reason} if error.reason else {})
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
