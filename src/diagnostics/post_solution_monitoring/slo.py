"""Service levels: error budgets and how fast they burn, aware of how much traffic there is."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from diagnostics.model.alert import AlertSeverity
from diagnostics.model.health import CheckResult, CheckState
from diagnostics.model.record import Record
from diagnostics.runtime.clock import Clock
from diagnostics.stats.proportions import wilson

HOUR = 3600.0
DAY = 24 * HOUR
MIN_BAD_EVENTS = 10
BUCKET_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BurnRateRule:
    """Fires while both windows burn at ``factor`` or more.

    The long window says that it matters, the short one that it still goes on.
    Source: Google, The Site Reliability Workbook (2018), ch. 5, table 5-8.
    """

    long_seconds: float
    short_seconds: float
    factor: float
    severity: AlertSeverity


STANDARD_RULES = (
    BurnRateRule(long_seconds=HOUR, short_seconds=5 * 60, factor=14.4, severity=AlertSeverity.CRITICAL),
    BurnRateRule(long_seconds=6 * HOUR, short_seconds=30 * 60, factor=6.0, severity=AlertSeverity.CRITICAL),
    BurnRateRule(long_seconds=3 * DAY, short_seconds=6 * HOUR, factor=1.0, severity=AlertSeverity.WARNING),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slo:
    """What is promised: a share of good events over a period.

    Attributes:
        name: Of the promise.
        objective: Share of good events, such as 0.999.
        period_days: Over which the error budget is spent.
        rules: When it burns too fast.
        min_bad_events: Fewer in the long window never fire: with little traffic one error is a large share.
    """

    name: str
    objective: float
    period_days: float = 30.0
    rules: tuple[BurnRateRule, ...] = STANDARD_RULES
    min_bad_events: int = MIN_BAD_EVENTS

    def __post_init__(self) -> None:
        if not 0.0 < self.objective < 1.0:
            raise ValueError(f"{self.name}: an objective lies between 0 and 1, not {self.objective}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """Good and bad events of one window."""

    good: int = 0
    bad: int = 0

    @property
    def total(self) -> int:
        return self.good + self.bad


@dataclass(frozen=True, slots=True, kw_only=True)
class Burn(Record):
    """A rule that fires.

    Attributes:
        slo: Name of the promise.
        severity: Of the rule.
        rate: How many times too fast the long window burns.
        exhausted_in_seconds: When a full budget would be spent at this rate.
        reason: In words.
    """

    slo: str
    severity: AlertSeverity
    rate: float
    exhausted_in_seconds: float
    reason: str


def burn_rate(events: Events, objective: float) -> float:
    """Return how many times faster than allowed the budget burns; zero without traffic.

    Example:
        >>> round(burn_rate(Events(good=9856, bad=144), 0.999), 1)
        14.4
    """
    return events.bad / events.total / (1.0 - objective) if events.total else 0.0


def burning(slo: Slo, events_within: Callable[[float], Events]) -> Burn | None:
    """Return the most severe rule that fires, or None.

    A rule needs ``min_bad_events`` in its long window, and the lower end of the error rate's interval
    (Wilson, 95 %) above the budget: what a handful of requests show by chance is no outage.

    Args:
        slo: The promise.
        events_within: Returns the events of the last so many seconds.
    """
    for rule in slo.rules:
        long, short = events_within(rule.long_seconds), events_within(rule.short_seconds)
        if long.bad < slo.min_bad_events:
            continue
        rate = burn_rate(long, slo.objective)
        if rate < rule.factor or burn_rate(short, slo.objective) < rule.factor:
            continue
        if wilson(long.bad, long.total).low <= 1.0 - slo.objective:
            continue
        left = slo.period_days * DAY / rate
        return Burn(
            slo=slo.name,
            severity=rule.severity,
            rate=rate,
            exhausted_in_seconds=left,
            reason=(
                f"{slo.name}: {long.bad} of {long.total} events were bad in the last "
                f"{_span(rule.long_seconds)}, {rate:.1f} times what {slo.objective:.4%} allows; a full "
                f"budget of {slo.period_days:g} days would last {_span(left)}"
            ),
        )
    return None


def budget_left(slo: Slo, events: Events) -> float:
    """Return the share of the error budget that is left over these events; negative when overspent."""
    allowed = (1.0 - slo.objective) * events.total
    return 1.0 - events.bad / allowed if allowed else 1.0


def _span(seconds: float) -> str:
    for size, unit in ((DAY, "d"), (HOUR, "h"), (60.0, "min")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.0f} s"


class SloTracker:
    """Counts events in buckets of a minute, for as long as the longest rule looks back."""

    def __init__(self, slo: Slo) -> None:
        self.slo = slo
        self._keep = timedelta(seconds=max((rule.long_seconds for rule in slo.rules), default=HOUR) + BUCKET_SECONDS)
        self._buckets: deque[tuple[datetime, int, int]] = deque()

    def record(self, at: datetime, *, good: int = 0, bad: int = 0) -> None:
        """Add events; moments come in order, and one that is late counts for the newest bucket."""
        if good < 0 or bad < 0:
            raise ValueError("counts of events are not negative")
        if self._buckets and (at - self._buckets[-1][0]).total_seconds() < BUCKET_SECONDS:
            start, g, b = self._buckets[-1]
            self._buckets[-1] = (start, g + good, b + bad)
        else:
            self._buckets.append((at, good, bad))
        while self._buckets[0][0] < at - self._keep:
            self._buckets.popleft()

    def within(self, seconds: float, now: datetime) -> Events:
        """Return the events of buckets that began in the last ``seconds``."""
        since = now - timedelta(seconds=seconds)
        good = bad = 0
        for start, g, b in reversed(self._buckets):
            if start < since:
                break
            good, bad = good + g, bad + b
        return Events(good=good, bad=bad)

    def burning(self, now: datetime) -> Burn | None:
        """Return the most severe rule that fires now."""
        return burning(self.slo, lambda seconds: self.within(seconds, now))


class SloCheck:
    """A promise as a health check: it fails while the budget burns too fast, and measures how much of it is left."""

    def __init__(self, slo: Slo, totals: Callable[[], tuple[float, float]], clock: Clock) -> None:
        self._tracker = SloTracker(slo)
        self._totals = totals
        self._clock = clock
        self._before: tuple[float, float] | None = None

    def __call__(self) -> CheckResult:
        """Take in what happened since the last look, and judge."""
        now = self._clock.now()
        good, bad = self._totals()
        if self._before is not None:
            # A total that fell began anew: all it counts is new.
            new = [
                int(total - before if total >= before else total)
                for total, before in zip((good, bad), self._before, strict=True)
            ]
            self._tracker.record(now, good=new[0], bad=new[1])
        self._before = good, bad
        slo = self._tracker.slo
        longest = max((rule.long_seconds for rule in slo.rules), default=HOUR)
        seen = self._tracker.within(longest, now)
        if not seen.total:
            return CheckResult(state=CheckState.UNKNOWN, detail="no events yet")
        metrics = {
            f"{slo.name}_budget_left_ratio": budget_left(slo, seen),
            f"{slo.name}_good_ratio": 1.0 - seen.bad / seen.total,
        }
        burn = self._tracker.burning(now)
        if burn is None:
            said = f"{seen.bad} of {seen.total} events were bad"
            return CheckResult(state=CheckState.PASS, detail=said, metrics=metrics)
        return CheckResult(state=CheckState.FAIL, detail=burn.reason, metrics=metrics)
