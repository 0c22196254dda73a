"""May I look now? Verdicts that stay valid however often they are read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

from diagnostics.stats.autocorrelation import MIN_EFFECTIVE, corrected, variance_inflation
from diagnostics.stats.samples import mean_shift
from diagnostics.stats.summary import checked, fences

_NORMAL = NormalDist()

#: The baseline has at least so many buckets; with fewer the correlation is guesswork.
MIN_BASELINE = 20
#: Looks begin with so many buckets after the change.
MIN_AFTER = 3
#: Buckets are merged while neighbours correlate more than this.
MERGE_ABOVE = 0.3
#: Halves of the baseline that differ with less chance than this are no baseline.
UNSTABLE = 0.01
#: Share of the error probability 0.05 spent by the boundary at the horizon, and by the early one.
HORIZON_SHARE, EARLY_SHARE = 0.8, 0.2
#: |T| at the horizon; 4 * (1 - Phi(2.326)) = 0.04.
HORIZON_Z = 2.326
#: ln 100: the early boundary spends 0.01.
EARLY_LOG_BAYES = math.log(100.0)
#: One-sided 0.0125: "not worse" is wrong at most 2.5 % of the time over all looks.
NOT_WORSE_Z = 2.241


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedRate:
    """A success rate with an interval that holds at every look at once."""

    successes: int
    n: int
    rate: float
    low: float
    high: float
    confidence: float


class Direction(StrEnum):
    """What the comparison says."""

    WORSE = "worse"
    BETTER = "better"
    NOT_WORSE = "not_worse"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True, kw_only=True)
class SequentialComparison:
    """A comparison of buckets before and after that was looked at after every bucket.

    Attributes:
        direction: ``worse`` or ``better`` once a boundary was crossed, ``not_worse`` when a margin was given
            and kept.
        effect: Mean after minus mean before, in the (transformed) unit of the buckets.
        low: Lower end of the 95 % interval at the last look; not for reading at every look.
        high: Upper end of it.
        p_value: Anytime-valid: the smallest so far.
        decided_at: Number of buckets after the change at which it was decided; None when it was not.
        log_bayes_factor: Of "changed" against "not changed", at the last look (nats).
        rho: Correlation of neighbouring baseline buckets.
        inflation: Of the variance, cautiously (``variance_inflation``).
        bucket: How many of the given buckets were merged into one.
        n_before: Buckets before, after merging.
        n_after: Buckets after, after merging.
        reason: In words.
    """

    direction: Direction
    effect: float
    low: float
    high: float
    p_value: float
    decided_at: int | None
    log_bayes_factor: float
    rho: float
    inflation: float
    bucket: int
    n_before: int
    n_after: int
    reason: str


def watched_rate(
    successes: int, n: int, confidence: float = 0.95, *, prior: tuple[float, float] = (0.5, 0.5)
) -> WatchedRate:
    """Return the beta-binomial confidence sequence of a success rate.

    The interval holds all rates ``p`` whose mixture likelihood ratio ``B(a+s, b+f) / B(a, b) / (p^s
    (1-p)^f)`` stays below ``1 / alpha``; by Ville's inequality the truth leaves it at any time with
    probability at most ``alpha``.

    Source: Robbins (1970), Ann. Math. Stat. 41:1397; Howard et al. (2021), Ann. Statist. 49:1055,
    beta-binomial mixture.
    """
    if n < 0 or not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n} trials is no count")
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"a confidence lies between 0 and 1, got {confidence}")
    if n == 0:
        return WatchedRate(successes=0, n=0, rate=math.nan, low=0.0, high=1.0, confidence=confidence)
    a, b = prior
    failures = n - successes
    mixture = _log_beta(a + successes, b + failures) - _log_beta(a, b)
    limit = -math.log(1.0 - confidence)

    def inside(p: float) -> bool:
        return mixture - _log_likelihood(successes, failures, p) < limit

    rate = successes / n
    low = 0.0 if successes == 0 else _edge(inside, rate, 0.0)
    high = 1.0 if failures == 0 else _edge(inside, rate, 1.0)
    return WatchedRate(successes=successes, n=n, rate=rate, low=low, high=high, confidence=confidence)


def stabilised(counts: Sequence[int]) -> tuple[float, ...]:
    """Return counts per bucket on a scale on which their variance is 1: ``2 sqrt(k + 3/8)``.

    Source: Anscombe (1948), Biometrika 35:246.
    """
    return tuple(2.0 * math.sqrt(k + 0.375) for k in counts)


def compare(
    before: Sequence[float],
    after: Sequence[float],
    *,
    horizon: int,
    smallest_effect: float,
    margin: float | None = None,
    higher_is_worse: bool = True,
) -> SequentialComparison:
    """Compare buckets after a change with those before, valid at every look.

    Two boundaries share the error probability: one that is strong at the horizon (0.04), one that stops early
    at large effects (0.01; a mixture t-test). The variance is inflated for the correlation of neighbouring
    baseline buckets, which are merged first while they correlate strongly. Latencies are given as logarithms,
    counts through ``stabilised``. Where a boundary is crossed, what came after is asked too how alike neighbours
    are (its best step taken out): the verdict waits until the boundary is crossed with the larger inflation too.
    Verdicts rest on values clipped at the baseline's outer fences; effect and interval are those of the values as
    they are.

    Source: the project's design note on safe change, section 5; the early boundary is the mixture sequential
    t-test of Robbins (1970) with the scale mixed out.

    Args:
        before: At least 20 bucket means of the baseline, in order of time.
        after: Bucket means after the change so far.
        horizon: How many buckets after the change will be seen at most; fixed beforehand.
        smallest_effect: The difference of means that matters.
        margin: With it, "not worse by this much" can be concluded too.
        higher_is_worse: Which direction is bad.
    """
    x, y = checked(before), checked(after, at_least=0)
    if smallest_effect <= 0 or horizon < 1 or (margin is not None and margin <= 0):
        raise ValueError("horizon, smallest effect and margin are positive")
    if len(x) < MIN_BASELINE:
        return _undecided(f"the baseline has {len(x)} buckets, {MIN_BASELINE} are needed", len(x), len(y))
    bucket = 1
    rho = corrected(x)
    while rho > MERGE_ABOVE and len(x) // 2 >= MIN_BASELINE:
        x, y, bucket = _merged(x), _merged(y), bucket * 2
        rho = corrected(x)
    n0 = len(x)
    raw_mean0 = math.fsum(x) / n0
    raw_squares0 = math.fsum((v - raw_mean0) ** 2 for v in x)
    raw = y
    # One wild bucket must neither decide nor hide what the others say: verdicts rest on clipped values.
    lowest, highest = fences(x)
    x, y = ([min(highest, max(lowest, v)) for v in side] for side in (x, y))
    vif = variance_inflation(x)
    if n0 < vif * MIN_EFFECTIVE / 2.0:
        return _undecided(
            f"neighbouring buckets are so alike that the baseline is worth {n0 / vif:.1f} values", n0, len(y)
        )
    middle = n0 // 2
    if mean_shift(x[:middle], x[middle:], trim=0.0).p_value < UNSTABLE:
        return _undecided("the baseline itself moved: its halves differ, so it is no baseline", n0, len(y))
    # What is seen after the horizon was not part of the promise.
    last = max(horizon // bucket, 1)
    y, raw = y[:last], raw[:last]
    n_max = n0 * last / (n0 + last)
    mean0 = math.fsum(x) / n0
    squares0 = math.fsum((v - mean0) ** 2 for v in x)
    variance0 = squares0 / (n0 - 1)
    if variance0 <= 0.0:
        return _undecided("the baseline does not vary, so chance cannot be judged", n0, len(y))
    g = smallest_effect**2 / (variance0 * vif)
    sign = 1.0 if higher_is_worse else -1.0

    largest, best_log, log_bayes = 0.0, -math.inf, 0.0
    n, asked_again, direction = 0, 0, Direction.INCONCLUSIVE
    clipped, seen = _Running(mean0, squares0, n0, vif), _Running(raw_mean0, raw_squares0, n0, vif)
    for n, (value, raw_value) in enumerate(zip(y, raw, strict=True), start=1):
        clipped.add(value)
        seen.add(raw_value)
        if n < MIN_AFTER:
            continue
        n_e = n0 * n / (n0 + n)
        t2 = (clipped.effect / clipped.error) ** 2
        r = 1.0 / (1.0 + g * n_e)
        nu = n0 + n - 2
        log_bayes = _log_bayes(t2, nu, r)
        largest = max(largest, math.sqrt(t2) * math.sqrt(min(1.0, n_e / n_max)))
        best_log = max(best_log, log_bayes)
        if largest >= HORIZON_Z or log_bayes >= EARLY_LOG_BAYES:
            # The baseline alone may hide how alike neighbours are; what came after must not say otherwise.
            if n < asked_again:
                continue
            said = max(vif, _inflation_of_both(x, y[:n]))
            t2 = (clipped.effect / clipped.error) ** 2 * vif / said
            at_horizon, early = math.sqrt(t2 * min(1.0, n_e / n_max)), _log_bayes(t2, nu, r)
            if at_horizon >= HORIZON_Z or early >= EARLY_LOG_BAYES:
                largest, best_log, log_bayes, vif = at_horizon, early, early, said
                direction = Direction.WORSE if sign * clipped.effect > 0 else Direction.BETTER
                break
            asked_again = n + max(MIN_AFTER, n // 10)
            largest, best_log = largest * math.sqrt(vif / said), -math.inf
            continue
        reach = NOT_WORSE_Z * math.sqrt(n_max / n_e)
        if margin is not None and all(sign * s.effect + reach * s.error < margin for s in (clipped, seen)):
            direction = Direction.NOT_WORSE
            break
    decided = n if direction is not Direction.INCONCLUSIVE else None
    reason = {
        Direction.NOT_WORSE: f"worse by {margin or 0.0:g} is excluded since bucket {n}",
        Direction.INCONCLUSIVE: f"{len(y)} of {last} buckets seen, no boundary crossed",
    }.get(direction, f"the difference {seen.effect:+.3g} crossed the boundary at bucket {n}")
    half = 1.96 * seen.error if n >= MIN_AFTER else math.inf
    return SequentialComparison(
        direction=direction,
        effect=seen.effect,
        low=seen.effect - half,
        high=seen.effect + half,
        p_value=_anytime_p(largest, best_log),
        decided_at=decided,
        log_bayes_factor=log_bayes,
        rho=rho,
        inflation=vif,
        bucket=bucket,
        n_before=n0,
        n_after=n,
        reason=reason,
    )


def _log_bayes(t2: float, nu: int, r: float) -> float:
    """Logarithm of the Bayes factor of the mixture t-test."""
    return 0.5 * math.log(r) + (nu + 1) / 2.0 * (math.log1p(t2 / nu) - math.log1p(r * t2 / nu))


def _inflation_of_both(before: list[float], after: list[float]) -> float:
    """Return the inflation that baseline and after show together, each about its own level.

    A change that set in later is a level of its own: the best single step of what came after is taken out first.
    """
    if len(after) < 2 * MIN_AFTER:
        return variance_inflation(before, after)
    mean = math.fsum(after) / len(after)
    best, place, running = -1.0, 0, 0.0
    for k in range(1, len(after)):
        running += after[k - 1] - mean
        gain = running * running / (k * (len(after) - k))
        if MIN_AFTER <= k <= len(after) - MIN_AFTER and gain > best:
            best, place = gain, k
    return variance_inflation(before, after[:place], after[place:])


class _Running:
    """Difference of means that grows value by value, with its standard error."""

    __slots__ = ("_mean0", "_n", "_n0", "_squares", "_squares0", "_total", "_vif")

    def __init__(self, mean0: float, squares0: float, n0: int, vif: float) -> None:
        self._mean0, self._squares0, self._n0, self._vif = mean0, squares0, n0, vif
        self._n = 0
        self._total = self._squares = 0.0

    def add(self, value: float) -> None:
        """Take one more value after."""
        self._n += 1
        self._total += value - self._mean0
        self._squares += (value - self._mean0) ** 2

    @property
    def effect(self) -> float:
        """Mean after minus mean before."""
        return self._total / self._n if self._n else 0.0

    @property
    def error(self) -> float:
        """Standard error of the effect; needs two values."""
        within = max(0.0, self._squares - self._n * self.effect**2)
        variance = (self._squares0 + within) / (self._n0 + self._n - 2)
        return math.sqrt(variance * self._vif * (1.0 / self._n0 + 1.0 / self._n))


def posterior(log_bayes_factor: float, prior: float = 0.5) -> float:
    """Return the probability of the hypothesis after the evidence: Bayes' rule on the odds."""
    if not 0.0 < prior < 1.0:
        raise ValueError(f"a prior lies between 0 and 1, got {prior}")
    log_odds = math.log(prior / (1.0 - prior)) + log_bayes_factor
    if log_odds >= 0:
        return 1.0 / (1.0 + math.exp(-log_odds))
    return math.exp(log_odds) / (1.0 + math.exp(log_odds))


def _anytime_p(largest: float, best_log: float) -> float:
    horizon = min(1.0, 4.0 * (1.0 - _NORMAL.cdf(largest)))
    early = math.exp(-best_log) if best_log > 0 else 1.0
    return min(1.0, horizon / HORIZON_SHARE, early / EARLY_SHARE)


def _merged(values: list[float]) -> list[float]:
    return [(a + b) / 2.0 for a, b in zip(values[0::2], values[1::2], strict=False)]


def _undecided(reason: str, n_before: int, n_after: int) -> SequentialComparison:
    return SequentialComparison(
        direction=Direction.INCONCLUSIVE,
        effect=0.0,
        low=-math.inf,
        high=math.inf,
        p_value=1.0,
        decided_at=None,
        log_bayes_factor=0.0,
        rho=0.0,
        inflation=1.0,
        bucket=1,
        n_before=n_before,
        n_after=n_after,
        reason=reason,
    )


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _log_likelihood(successes: int, failures: int, p: float) -> float:
    if (p <= 0.0 and successes) or (p >= 1.0 and failures):
        return -math.inf
    value = successes * math.log(p) if successes else 0.0
    return value + (failures * math.log1p(-p) if failures else 0.0)


def _edge(inside: object, start: float, end: float) -> float:
    """Return where ``inside`` turns false between ``start`` (inside) and ``end`` (outside), by bisection."""
    assert callable(inside)
    near, far = start, end
    for _ in range(60):
        middle = (near + far) / 2.0
        if inside(middle):
            near = middle
        else:
            far = middle
    return far
