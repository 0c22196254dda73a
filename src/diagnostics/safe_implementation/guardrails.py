"""Guardrails: what must not get worse is watched after a change, bucket by bucket, with tests that may be read at any time.

Pure but for ``watch``, which waits between buckets. Each guardrail ends in one of three ways:

- *worse*: a boundary of the sequential test was crossed in the bad direction, by more than is small: undone at once.
- *kept*: worse by the margin is excluded (or it got better).
- *inconclusive*: held until the window is over, then undone, for nobody can say that it did no harm.

Latencies are compared as means of logarithms, error rates as ``asin(sqrt(rate))``, whose variance does not depend
on the rate (Anscombe 1948, Biometrika 35:246). Buckets are merged until one holds an error on average.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from diagnostics.model.verification import Comparison, Effect
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock
from diagnostics.runtime.deadline import call_with_deadline
from diagnostics.stats.sequential import (
    MIN_BASELINE,
    NOT_WORSE_Z,
    Direction,
    SequentialComparison,
    compare,
    watched_rate,
)

#: Harm that is never let pass: a fifth more latency and two points more errors are beyond these.
LATENCY_MARGIN, ERROR_MARGIN = 0.18, 0.018
#: Below these a difference does not matter, however sure it is.
LATENCY_SMALL, ERROR_SMALL = 0.05, 0.005
LAST_LOOK_Z = 1.645
WINDOW_SECONDS, INTERVAL_SECONDS = 1800.0, 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """The traffic of one interval.

    Attributes:
        requests: How many there were.
        errors: How many of them failed.
        log_latency: Mean of the logarithms of the seconds they took; None without requests.
    """

    requests: int
    errors: int = 0
    log_latency: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.errors <= self.requests:
            raise ValueError(f"{self.errors} errors of {self.requests} requests is no count")

    @staticmethod
    def of(latencies: Sequence[float], errors: int = 0) -> Bucket:
        """Return the bucket of requests that took so many seconds."""
        logs = [math.log(max(value, 1e-6)) for value in latencies]
        return Bucket(requests=len(latencies), errors=errors, log_latency=math.fsum(logs) / len(logs) if logs else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What is watched after a change, and for how long.

    Attributes:
        sample: Gives the traffic since it was last called; it may be slow, up to the interval.
        baseline: Buckets of the same length from before the change, at least 20.
        window_seconds: The change is judged by then.
        latency_margin: So much slower, as a share, is harm.
        error_margin: So much higher an error rate is harm.
    """

    sample: Callable[[], Bucket]
    baseline: Sequence[Bucket]
    window_seconds: float = WINDOW_SECONDS
    interval_seconds: float = INTERVAL_SECONDS
    latency_margin: float = LATENCY_MARGIN
    error_margin: float = ERROR_MARGIN

    @property
    def horizon(self) -> int:
        """How many buckets the window holds."""
        return max(1, int(self.window_seconds // self.interval_seconds))


def judge(settings: Watch, after: Sequence[Bucket]) -> tuple[Comparison, ...]:
    """Return one comparison for each guardrail, from all buckets so far."""
    return (_latency(settings, after), _errors(settings, after))


def is_decided(comparisons: Sequence[Comparison]) -> bool:
    """Return whether no more traffic is needed: something is worse, or everything is known."""
    verdicts = [item.verdict for item in comparisons]
    return Effect.WORSE in verdicts or Effect.INCONCLUSIVE not in verdicts


def watch(settings: Watch, clock: Clock = SYSTEM_CLOCK) -> tuple[Comparison, ...]:
    """Take buckets until the guardrails are decided or the window is over; return the last comparisons."""
    after: list[Bucket] = []
    for number in range(settings.horizon):
        began = clock.monotonic()
        try:
            after.append(call_with_deadline(settings.sample, max(settings.interval_seconds, 1.0) * 3, clock=clock))
        except Exception:  # noqa: BLE001 - a bucket that cannot be taken is missing data, never a pass
            after.append(Bucket(requests=0))
        found = judge(settings, after)
        if is_decided(found):
            return found
        if number + 1 < settings.horizon:
            clock.sleep(settings.interval_seconds - (clock.monotonic() - began))
    return judge(settings, after)


def _latency(settings: Watch, after: Sequence[Bucket]) -> Comparison:
    before = [bucket.log_latency for bucket in settings.baseline if bucket.log_latency is not None]
    now = [bucket.log_latency for bucket in after if bucket.log_latency is not None]
    margin, small = math.log1p(settings.latency_margin), math.log1p(LATENCY_SMALL)
    verdict, found, effect = _decide(before, now, settings.horizon, margin=margin, small=small)
    ratio = math.expm1(effect)
    return Comparison(
        metric="latency",
        unit="s",
        verdict=verdict,
        reason=f"latency {ratio:+.0%} over {len(now)} buckets ({found.reason})",
        before=math.exp(_mean(before)) if before else None,
        after=math.exp(_mean(now)) if now else None,
        effect=1.0 + ratio,
        effect_kind="ratio",
        n_before=len(before),
        n_after=len(now),
    )


def _errors(settings: Watch, after: Sequence[Bucket]) -> Comparison:
    baseline = [bucket for bucket in settings.baseline if bucket.requests]
    now = [bucket for bucket in after if bucket.requests]
    rate, rate_now = _rate(baseline), _rate(now)
    if len(baseline) >= MIN_BASELINE and sum(bucket.errors for bucket in baseline) < MIN_BASELINE:
        return _rare_errors(settings, baseline, now)
    mean_size = _mean([float(bucket.requests) for bucket in baseline]) if baseline else 0.0
    merge = _merging(rate * mean_size, len(baseline))
    before, later = _angles(_merged(baseline, merge)), _angles(_merged(now, merge))
    # On the scale of angles a margin depends on where the baseline lies.
    base = _mean(before) if before else 0.0
    lift = _angle(math.sin(base) ** 2, settings.error_margin) - base
    small = _angle(math.sin(base) ** 2, ERROR_SMALL) - base
    verdict, found, _ = _decide(before, later, max(1, settings.horizon // merge), margin=lift, small=small)
    difference = rate_now - rate
    return Comparison(
        metric="error rate",
        unit="ratio",
        verdict=verdict,
        reason=f"error rate {100 * difference:+.2f} points over {len(now)} buckets ({found.reason})",
        before=rate,
        after=rate_now,
        effect=difference,
        n_before=len(baseline),
        n_after=len(now),
    )


def _rare_errors(settings: Watch, baseline: Sequence[Bucket], now: Sequence[Bucket]) -> Comparison:
    """Compare with a baseline of hardly any errors, whose buckets do not vary: by confidence sequences of both rates.

    Worse when the lower end after the change lies above the upper end before it, by more than is small; kept when
    the upper end after it is below the margin. Both hold at every look at once (``stats.sequential.watched_rate``).
    """
    before, after = (
        watched_rate(sum(b.errors for b in side), sum(b.requests for b in side)) for side in (baseline, now)
    )
    verdict = Effect.INCONCLUSIVE
    if after.low > before.high + ERROR_SMALL:
        verdict = Effect.WORSE
    elif after.high < _rate(baseline) + settings.error_margin:
        verdict = Effect.SAME
    difference = _rate(now) - _rate(baseline)
    return Comparison(
        metric="error rate",
        unit="ratio",
        verdict=verdict,
        reason=f"{after.successes} errors of {after.n} requests, before {before.successes} of {before.n}",
        before=_rate(baseline),
        after=_rate(now),
        effect=difference,
        interval=(after.low - before.high, after.high - before.low),
        n_before=len(baseline),
        n_after=len(now),
    )


def _decide(
    before: Sequence[float], after: Sequence[float], horizon: int, *, margin: float, small: float
) -> tuple[Effect, SequentialComparison, float]:
    """Return the verdict, the sequential test, and the difference of all buckets so far."""
    found = compare(before, after, horizon=horizon, smallest_effect=margin, margin=margin)
    effect = _mean(after) - _mean(before) if after and before else 0.0
    if found.direction is Direction.NOT_WORSE:
        return Effect.SAME, found, effect
    if found.direction is Direction.BETTER:
        return Effect.BETTER, found, effect
    if found.direction is Direction.WORSE:
        if effect >= small:
            return Effect.WORSE, found, effect
        # Sure but small: kept when harm by the margin is excluded by all that was seen since.
        if effect + _uncertainty(before, after, found, horizon) < margin:
            return Effect.SAME, found, effect
    # Looked at once, at the end of the window: an ordinary one-sided bound of 5 %.
    over = len(after) >= horizon and len(before) >= MIN_BASELINE and found.direction is Direction.INCONCLUSIVE
    if over and effect + LAST_LOOK_Z * _error(before, after, found) < margin:
        return Effect.SAME, found, effect
    if _is_flat(before, after):
        return Effect.SAME, found, effect
    return Effect.INCONCLUSIVE, found, effect


def _uncertainty(before: Sequence[float], after: Sequence[float], found: SequentialComparison, horizon: int) -> float:
    """Return how far the difference may still be off, at every look at once; as the sequential test reckons."""
    n, m = len(before), len(after)
    seen, most = n * m / (n + m), n * max(m, horizon) / (n + max(m, horizon))
    return NOT_WORSE_Z * _error(before, after, found) * math.sqrt(most / seen)


def _error(before: Sequence[float], after: Sequence[float], found: SequentialComparison) -> float:
    """Return the standard error of the difference; of the merged buckets, for which the inflation was reckoned."""
    one, other = _means(before, found.bucket), _means(after, found.bucket)
    n, m = len(one), len(other)
    if m == 0 or n + m <= 2:
        return math.inf
    squares = sum((v - _mean(one)) ** 2 for v in one) + sum((v - _mean(other)) ** 2 for v in other)
    return math.sqrt(squares / (n + m - 2) * found.inflation * (n + m) / (n * m))


def _means(values: Sequence[float], bucket: int) -> list[float]:
    return [_mean(values[i : i + bucket]) for i in range(0, len(values) - bucket + 1, bucket)]


def _is_flat(before: Sequence[float], after: Sequence[float]) -> bool:
    """Return whether nothing ever varied, before or after: no errors at all are no reason for doubt."""
    return len(before) >= MIN_BASELINE and len(after) >= MIN_BASELINE and len({*before, *after}) == 1


def _merging(expected: float, length: int) -> int:
    """Return how many buckets make one in which an error is expected, as long as enough of them are left."""
    merge = 1
    while expected * merge < 1.0 and length // (2 * merge) >= MIN_BASELINE:
        merge *= 2
    return merge


def _merged(buckets: Sequence[Bucket], merge: int) -> list[Bucket]:
    groups = [buckets[i : i + merge] for i in range(0, len(buckets) - merge + 1, merge)]
    return [Bucket(requests=sum(b.requests for b in g), errors=sum(b.errors for b in g)) for g in groups]


def _angles(buckets: Sequence[Bucket]) -> list[float]:
    return [math.asin(math.sqrt((b.errors + 0.375) / (b.requests + 0.75))) for b in buckets]


def _angle(rate: float, more: float) -> float:
    return math.asin(math.sqrt(min(1.0, rate + more)))


def _rate(buckets: Sequence[Bucket]) -> float:
    requests = sum(bucket.requests for bucket in buckets)
    return sum(bucket.errors for bucket in buckets) / requests if requests else 0.0


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else 0.0
