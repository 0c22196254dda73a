"""What the application's real calls to other services tell: rate, errors, percentiles, and a promise kept or broken."""

from __future__ import annotations

import math
import threading
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from diagnostics.model.observation import Observation, Reading, Unit
from diagnostics.model.record import Record
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock
from diagnostics.stats.proportions import Rate, wilson

SLOT_SECONDS = 60.0
SLOTS = 60
"""An hour of minutes; memory is bounded by slots, outcomes and buckets, not by calls."""
MOST_SERVICES = 200
_RELATIVE_ERROR = 0.02
_GROWTH = math.log((1 + _RELATIVE_ERROR) / (1 - _RELATIVE_ERROR))
_SMALLEST = 1e-6
OUTCOMES = ("ok", "client_error", "credential", "limited", "server_error", "timeout", "network", "tls", "wrong_answer")


def outcome_of(status: int, error: str = "") -> str:
    """Return the class of one call (pure).

    Args:
        status: HTTP status; 0 without an answer.
        error: Name of the exception, or what went wrong, when there was no usable answer.

    Example:
        >>> outcome_of(503), outcome_of(0, "ReadTimeout"), outcome_of(401)
        ('server_error', 'timeout', 'credential')
    """
    text = error.lower()
    if text:
        if "timeout" in text or "timed out" in text:
            return "timeout"
        if "ssl" in text or "certificate" in text or "tls" in text:
            return "tls"
        if status == 0:
            return "network"
    if status in {401, 403}:
        return "credential"
    if status == 429:
        return "limited"
    if status >= 500:
        return "server_error"
    if status >= 400:
        return "client_error"
    return "wrong_answer" if text else "ok"


@dataclass(slots=True)
class _Slot:
    began: float
    outcomes: Counter[str] = field(default_factory=Counter)
    buckets: Counter[int] = field(default_factory=Counter)


@dataclass(slots=True)
class Call:
    """One call under way; say what came of it.

    Attributes:
        status: HTTP status of the answer.
        error: What went wrong beside it; an exception that leaves the block is noted by itself.
    """

    status: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSummary(Record):
    """The real calls of one service over the last minutes.

    Attributes:
        rate: Calls per second.
        errors: Share of calls without a good answer, with its 95 % interval; None without calls.
        outcomes: Number by class: ``ok``, ``client_error``, ``credential``, ``limited``, ``server_error``, ``timeout``,
            ``network``, ``tls``, ``wrong_answer``.
        p50: Seconds; percentiles are within 2 % of the true value; None without calls.
    """

    service: str
    seconds: float
    calls: int
    rate: float
    errors: Rate | None
    outcomes: dict[str, int]
    p50: float | None
    p95: float | None
    p99: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise(Record):
    """A service level, and whether it is kept.

    Attributes:
        target: Share of calls that has to be good.
        within_seconds: A good call is also answered within this time; None: any time.
        good: Share that was, with its 95 % interval; None without calls.
        verdict: ``kept`` (the whole interval is at or above the target), ``broken`` (the whole interval is below it),
            ``unclear`` (too few calls to tell), ``unknown`` (no calls).
    """

    service: str
    target: float
    within_seconds: float | None
    seconds: float
    good: Rate | None
    verdict: str


class CallStatistics:
    """Counts calls by minute; safe for threads, a microsecond or two a call.

    Args:
        clock: Source of time.
    """

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._services: dict[str, deque[_Slot]] = {}

    def record(self, service: str, seconds: float, status: int = 0, error: str = "") -> None:
        """Note one call that was made.

        Args:
            service: Name of the service; beyond 200 names all others count as ``other``.
            seconds: How long it took.
            status: HTTP status; 0 without an answer.
            error: Name of the exception, or what was wrong with the answer.
        """
        now = self._clock.monotonic()
        outcome = outcome_of(status, error)
        bucket = math.ceil(math.log(max(seconds, _SMALLEST) / _SMALLEST) / _GROWTH)
        with self._lock:
            slots = self._services.get(service)
            if slots is None:
                if len(self._services) >= MOST_SERVICES:
                    service = "other"
                slots = self._services.setdefault(service, deque(maxlen=SLOTS))
            if not slots or now - slots[-1].began >= SLOT_SECONDS:
                slots.append(_Slot(now))
            slots[-1].outcomes[outcome] += 1
            slots[-1].buckets[bucket] += 1

    @contextmanager
    def call(self, service: str) -> Iterator[Call]:
        """Time a block that makes one call; exceptions pass through untouched.

        Example:
            >>> calls = CallStatistics()
            >>> with calls.call("calendar") as call:
            ...     call.status = 200
            >>> calls.summary("calendar").calls
            1
        """
        call = Call()
        began = self._clock.monotonic()
        try:
            yield call
        except BaseException as error:
            call.error = call.error or type(error).__name__
            raise
        finally:
            self.record(service, self._clock.monotonic() - began, call.status, call.error)

    @property
    def services(self) -> tuple[str, ...]:
        """Return the names that were called."""
        with self._lock:
            return tuple(self._services)

    def _between(self, service: str, since: float, until: float) -> tuple[Counter[str], Counter[int]]:
        outcomes: Counter[str] = Counter()
        buckets: Counter[int] = Counter()
        with self._lock:
            for slot in self._services.get(service, ()):
                if since < slot.began + SLOT_SECONDS and slot.began <= until:
                    outcomes += slot.outcomes
                    buckets += slot.buckets
        return outcomes, buckets

    def summary(self, service: str, minutes: float = 5) -> CallSummary:
        """Return the calls of the last ``minutes``, in whole slots of a minute."""
        now = self._clock.monotonic()
        return self._summary(service, now - minutes * 60.0, now)

    def _summary(self, service: str, since: float, until: float) -> CallSummary:
        outcomes, buckets = self._between(service, since, until)
        calls = sum(outcomes.values())
        seconds = until - since
        return CallSummary(
            service=service,
            seconds=seconds,
            calls=calls,
            rate=calls / seconds if seconds > 0 else 0.0,
            errors=wilson(calls - outcomes["ok"], calls) if calls else None,
            outcomes=dict(outcomes),
            p50=_quantile(buckets, 0.5),
            p95=_quantile(buckets, 0.95),
            p99=_quantile(buckets, 0.99),
        )

    def promise(
        self, service: str, target: float = 0.999, *, within_seconds: float | None = None, minutes: float = 60
    ) -> Promise:
        """Return whether the service kept its level over the last ``minutes``.

        Calls that failed for a credential or an error of ours (4xx) are not the service's fault and are left out.

        Raises:
            ValueError: ``target`` is not between 0 and 1.
        """
        if not 0.0 < target < 1.0:
            raise ValueError(f"a target lies between 0 and 1, got {target}")
        now = self._clock.monotonic()
        outcomes, buckets = self._between(service, now - minutes * 60.0, now)
        ours = outcomes["client_error"] + outcomes["credential"] + outcomes["limited"]
        counted = sum(outcomes.values()) - ours
        good = outcomes["ok"]
        if within_seconds is not None:
            # Which of the slow ones were good is not kept: the slowest are taken for good ones first.
            limit = math.log(max(within_seconds, _SMALLEST) / _SMALLEST) / _GROWTH
            slow = sum(count for bucket, count in buckets.items() if bucket > limit + 0.5)
            failed = sum(outcomes[name] for name in ("timeout", "network", "tls", "server_error"))
            good = max(0, good - max(0, slow - failed))
        rate = wilson(good, counted) if counted else None
        verdict = "unknown"
        if rate is not None:
            verdict = "kept" if rate.low >= target else "broken" if rate.high < target else "unclear"
        return Promise(
            service=service,
            target=target,
            within_seconds=within_seconds,
            seconds=minutes * 60.0,
            good=rate,
            verdict=verdict,
        )

    def observe(
        self, clock: Clock | None = None, *, recent_minutes: float = 2, before_minutes: float = 10
    ) -> Iterator[Observation]:
        """Yield ``service.passive.*`` of the last minutes (``recent``) and of those before them (``before``)."""
        at = (clock or self._clock).now()
        now = self._clock.monotonic()
        edge = now - recent_minutes * 60.0
        for service in self.services:
            for window, since, until in (
                ("before", edge - before_minutes * 60.0, edge - SLOT_SECONDS),
                ("recent", edge, now),
            ):
                found = self._summary(service, since, until)
                if not found.calls or found.errors is None or found.p95 is None:
                    continue
                labels = {"service": service, "window": window}
                for name, value, unit in (
                    ("rate", found.rate, Unit.PER_SECOND),
                    ("error_ratio", found.errors.rate, Unit.RATIO),
                    ("p95", found.p95, Unit.SECONDS),
                ):
                    yield Reading(
                        name=f"service.passive.{name}",
                        value=value,
                        unit=unit,
                        at=at,
                        source="real calls",
                        labels=labels,
                    )


def _quantile(buckets: Counter[int], share: float) -> float | None:
    """Return the value below which a share of the calls lies, within 2 % (a DDSketch: Masson 2019, VLDB 12:2195)."""
    total = sum(buckets.values())
    if not total:
        return None
    rank, passed = share * (total - 1), 0
    for bucket in sorted(buckets):
        passed += buckets[bucket]
        if passed > rank:
            return _SMALLEST * math.exp(bucket * _GROWTH) * (1 - _RELATIVE_ERROR)
    return None
