"""Run probes side by side under deadlines; a probe that fails becomes an observation."""

from __future__ import annotations

import errno
import socket
import subprocess
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from diagnostics.errors import DiagnosticsError, MissingExtraError
from diagnostics.model.finding import Baseline
from diagnostics.model.observation import FailureKind, Observation, Observations, ProbeFailure, Reading
from diagnostics.model.target import Target
from diagnostics.plugins.protocols import Probe
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock
from diagnostics.runtime.deadline import run_side_by_side
from diagnostics.runtime.redaction import redact, shorten
from diagnostics.system_monitor.probes.redis_queues import is_redis

DEADLINE_SECONDS = 15.0
MOST_OBSERVATIONS = 20_000
"""From one probe; more is a runaway, and memory is not ours."""
CONCLUDE_SECONDS = 2.0

#: Text of a log record -> mechanisms it speaks for, with their weight in nats.
ClassifyLine = Callable[[str], Sequence[tuple[str, float]]]


@runtime_checkable
class Concluding(Protocol):
    """A probe that has more to say once all the others have looked."""

    def conclude(self, observations: Observations, clock: Clock) -> Iterable[Observation]:
        """Yield what follows from what was seen; no I/O that could hang."""
        ...


class _Sheet:
    """What one probe has written so far; closed at its deadline."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._items: list[Observation] = []
        self._closed = False

    def add(self, item: Observation) -> bool:
        """Keep an observation; return whether more are wanted."""
        with self._lock:
            if self._closed:
                return False
            self._items.append(item)
            return len(self._items) < MOST_OBSERVATIONS

    def close(self) -> list[Observation]:
        """Return what was written; nothing is added any more."""
        with self._lock:
            self._closed = True
            return self._items


def look(
    probes: Sequence[Probe], *, clock: Clock = SYSTEM_CLOCK, deadline_seconds: float = DEADLINE_SECONDS
) -> Observations:
    """Return what all probes saw, in the order of the probes; never raises.

    They run side by side, each under its own deadline or the common one, whichever is shorter. What a probe
    yielded before it failed is kept, and the failure follows it.
    """
    sheets = {f"{index} {_name(probe)}": _Sheet() for index, probe in enumerate(probes)}
    jobs = {key: _job(probe, sheets[key], clock) for key, probe in zip(sheets, probes, strict=True)}
    limits = {key: _limit(probe, deadline_seconds) for key, probe in zip(sheets, probes, strict=True)}
    outcomes = run_side_by_side(jobs, limits, clock=clock)
    seen: list[Observation] = []
    for (key, outcome), probe in zip(outcomes.items(), probes, strict=True):
        written = sheets[key].close()
        seen += written
        if outcome.error is not None:
            name = _name(probe)
            if any(isinstance(item, Reading) and item.name == name for item in written):
                name += ".unfinished"  # it got in and did not get through: that is no failure to connect
            seen.append(failure_of(outcome.error, name, clock, elapsed_seconds=outcome.elapsed_seconds))
    return Observations([*seen, *_conclusions(probes, Observations(seen), clock)])


def _name(probe: Probe) -> str:
    try:
        return str(probe.name)
    except Exception:  # noqa: BLE001 - a broken plug-in must not stop the others
        return type(probe).__name__


def _limit(probe: Probe, overall: float) -> float:
    try:
        return max(0.01, min(float(probe.deadline_seconds), overall))
    except Exception:  # noqa: BLE001 - a broken plug-in must not stop the others
        return overall


def _job(probe: Probe, sheet: _Sheet, clock: Clock) -> Callable[[], None]:
    def observe() -> None:
        for item in probe.observe(clock):
            if not sheet.add(item):
                break

    observe.__qualname__ = f"the probe {_name(probe)}"  # for the message of a missed deadline
    return observe


def _conclusions(probes: Sequence[Probe], seen: Observations, clock: Clock) -> list[Observation]:
    concluding = [probe for probe in probes if isinstance(probe, Concluding)]
    if not concluding:
        return []
    sheets = {str(index): _Sheet() for index in range(len(concluding))}

    def job(probe: Concluding, sheet: _Sheet) -> Callable[[], None]:
        def conclude() -> None:
            for item in probe.conclude(seen, clock):
                if not sheet.add(item):
                    break

        return conclude

    jobs = {key: job(probe, sheets[key]) for key, probe in zip(sheets, concluding, strict=True)}
    outcomes = run_side_by_side(jobs, CONCLUDE_SECONDS, clock=clock)
    found: list[Observation] = []
    for index, (key, outcome) in enumerate(outcomes.items()):
        found += sheets[key].close()
        if outcome.error is not None:
            name = str(getattr(concluding[index], "name", "probe"))
            found.append(failure_of(outcome.error, name, clock, elapsed_seconds=outcome.elapsed_seconds))
    return found


def failure_of(error: BaseException, name: str, clock: Clock, *, elapsed_seconds: float = 0.0) -> ProbeFailure:
    """Return the observation that an exception of a probe stands for; its message is redacted."""
    message = str(error) or type(error).__name__
    if not isinstance(error, DiagnosticsError | TimeoutError):
        message = f"{type(error).__name__}: {message}"
    labels = {}
    number = getattr(error, "errno", None)
    if isinstance(number, int):
        labels["errno"] = errno.errorcode.get(number, str(number))
    return ProbeFailure(
        name=name,
        kind=kind_of(error),
        message=shorten(redact(message)) or type(error).__name__,
        at=clock.now(),
        hint=getattr(error, "hint", "") if isinstance(error, DiagnosticsError) else "",
        labels=labels,
        elapsed_seconds=elapsed_seconds,
    )


_BY_TYPE: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], FailureKind], ...] = (
    (MissingExtraError, FailureKind.MISSING_EXTRA),
    ((TimeoutError, subprocess.TimeoutExpired), FailureKind.TIMEOUT),
    (ConnectionRefusedError, FailureKind.REFUSED),
    ((ConnectionResetError, ConnectionAbortedError, BrokenPipeError), FailureKind.RESET),
    (PermissionError, FailureKind.FORBIDDEN),
    ((FileNotFoundError, ProcessLookupError), FailureKind.NOT_FOUND),
    ((ImportError,), FailureKind.MISSING_EXTRA),
    (NotImplementedError, FailureKind.UNSUPPORTED),
    (MemoryError, FailureKind.EXHAUSTED),
)
_BY_ERRNO = {
    errno.ENETUNREACH: FailureKind.UNREACHABLE,
    errno.EHOSTUNREACH: FailureKind.UNREACHABLE,
    errno.EMFILE: FailureKind.EXHAUSTED,
    errno.ENFILE: FailureKind.EXHAUSTED,
    errno.ENOSPC: FailureKind.EXHAUSTED,
    errno.ENOMEM: FailureKind.EXHAUSTED,
    errno.EAGAIN: FailureKind.EXHAUSTED,
    errno.ETIMEDOUT: FailureKind.TIMEOUT,
}


def kind_of(error: BaseException) -> FailureKind:
    """Return the kind of failure that the type of an exception says."""
    if isinstance(error, socket.gaierror):
        not_found = error.errno in {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
        return FailureKind.DNS_NOT_FOUND if not_found else FailureKind.DNS_UNAVAILABLE
    for types, kind in _BY_TYPE:
        if isinstance(error, types):
            return kind
    if isinstance(error, OSError):
        if type(error).__module__ == "ssl":
            return FailureKind.TLS
        return _BY_ERRNO.get(error.errno or 0, FailureKind.ERROR)
    return FailureKind.ERROR


def probes_for(
    target: Target,
    *,
    baseline: Baseline | None = None,
    window_seconds: float = 2.0,
    classify_line: ClassifyLine | None = None,
) -> tuple[Probe, ...]:
    """Return every probe for which the target gives something to look at; the host is always looked at."""
    from diagnostics.system_monitor.probes.changes import ChangesProbe
    from diagnostics.system_monitor.probes.host import HostProbe

    logs = tuple(str(path) for path in target.logs)
    paths = tuple(str(path) for path in target.paths)
    repository = str(target.repository) if target.repository else None
    migrations = str(target.migrations) if target.migrations else None
    probes: list[Probe] = [HostProbe(pids=target.pids, logs=logs, paths=paths, window_seconds=window_seconds)]
    if target.pids:
        from diagnostics.system_monitor.probes.process import ProcessProbe
        from diagnostics.system_monitor.probes.schedulers import SchedulersProbe
        from diagnostics.system_monitor.probes.stacks import StackProbe

        probes.append(ProcessProbe(pids=target.pids, window_seconds=window_seconds))
        probes.append(SchedulersProbe(pids=target.pids))
        probes.append(StackProbe(pids=target.pids, window_seconds=max(0.5, window_seconds * 0.8)))
    if target.database_url:
        from diagnostics.system_monitor.postgres.probe import PostgresProbe

        database = PostgresProbe(
            target.database_url,
            client_pids=target.pids,
            migrations=Path(target.migrations) if target.migrations else None,
            repository=Path(target.repository) if target.repository else None,
            window_seconds=window_seconds,
        )
        probes.append(database)
    if target.url:
        from diagnostics.system_monitor.probes.endpoint import EndpointProbe

        probes.append(EndpointProbe(target.url))
    stores = tuple(url for url in target.services if is_redis(url))
    if target.pids or stores:
        from diagnostics.system_monitor.probes.redis_server import RedisProbe

        probes.append(RedisProbe(pids=target.pids, urls=stores, window_seconds=window_seconds))
    if target.services:
        from diagnostics.system_monitor.probes.services import ServiceProbe
        from diagnostics.system_monitor.probes.trust import trusted_files

        trusted = trusted_files(target.pids)
        probes += [ServiceProbe(url, ca_file=trusted) for url in target.services if url not in stores]
    if logs:
        from diagnostics.system_monitor.probes.logs import LogProbe

        probes.append(LogProbe(paths=logs, classify_line=classify_line))
    probes.append(ChangesProbe(pids=target.pids, repository=repository, migrations=migrations, baseline=baseline))
    return tuple(probes)


_NOT_GIVEN = (
    (
        "pids",
        "processes",
        "no --pid given",
        "Add --pid PID of the service; then threads, memory and descriptors are seen.",
    ),
    (
        "database_url",
        "database",
        "no --db given",
        "Add --db URL; then sessions, locks, statements and migrations are seen.",
    ),
    (
        "url",
        "the service's answers",
        "no --url given",
        "Add --url BASE_URL; then its answers and their times are seen.",
    ),
    ("services", "external services", "no --service given", "Add --service URL of what it depends on."),
    (
        "logs",
        "logs",
        "no --log given",
        "Add --log FILE; then errors, their onset and slow requests are seen.",
    ),
    ("repository", "recent changes of the code", "no --repo given", "Add --repo DIR of the application."),
)


def could_not_look(target: Target, observations: Observations) -> list[tuple[str, str, str]]:
    """Return ``(what, why, hint)`` for everything that was not given or could not be read, each once."""
    missing = [(what, why, hint) for field, what, why, hint in _NOT_GIVEN if not getattr(target, field)]
    failed: dict[tuple[str, str], tuple[str, str, str]] = {}
    for _, failure in observations.all_failures():
        # A connection that fails is a failure of each of its steps; a person wants to read it once.
        area = failure.name.partition(".")[0]
        failed.setdefault((area, failure.message), (_what(failure), failure.message, failure.hint or _advice(failure)))
    return list(dict.fromkeys([*missing, *failed.values()]))


_ADVICE = {
    FailureKind.TIMEOUT: "Look at what it waits for, or give it more time with --deadline.",
    FailureKind.FORBIDDEN: "Run diagnose as the user of the service, or as root.",
    FailureKind.DNS_NOT_FOUND: "Check the name for a typing error, and try: getent hosts NAME",
    FailureKind.DNS_UNAVAILABLE: "The resolver does not answer; check /etc/resolv.conf.",
    FailureKind.REFUSED: "Nobody listens there: check host and port, and that it runs.",
    FailureKind.UNREACHABLE: "No route there: check host, network and firewall.",
    FailureKind.NOT_FOUND: "Check its name: there is nothing that is called so.",
    FailureKind.RESET: "It ended the connection: look at its own log, and at proxies between.",
}


def _advice(failure: ProbeFailure) -> str:
    """Return what a person can do, where the probe itself said nothing."""
    return _ADVICE.get(failure.kind, "")


def _what(failure: ProbeFailure) -> str:
    who = [
        failure.labels[key]
        for key in ("pid", "file", "service", "view", "path", "host", "mount")
        if failure.labels.get(key)
    ]
    return f"{failure.name} ({', '.join(who)})" if who else failure.name
