"""The front door: did it change? The test is chosen by what is compared and by the shape of the data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import TypeAlias

from diagnostics.stats.autocorrelation import MIN_EFFECTIVE, lag_one
from diagnostics.stats.counts import EventTest, count_change, in_intervals, rate_change
from diagnostics.stats.samples import Difference, Shift, mean_shift, median_shift
from diagnostics.stats.sequential import UNSTABLE, Direction
from diagnostics.stats.shape import Shape, shape_of
from diagnostics.stats.summary import checked, quantile
from diagnostics.stats.verdicts import Assumption, Comparison, confounding, decided, detectable, power_of
from diagnostics.stats.watching import watched

ALPHA = 0.05
#: A latency is slow when it exceeds this quantile of the baseline.
TAIL = 0.95
#: Outcomes are looked at in at least so many groups, to see whether errors come in bursts.
GROUPS = 60

Values: TypeAlias = "Sequence[float] | Sequence[int] | Sequence[bool] | Sequence[tuple[int, int]] | tuple[int, int]"


class Kind(StrEnum):
    """What is compared."""

    LATENCY = "latency"
    """Positive values: latencies, durations, sizes. Effects are ratios."""
    TAIL = "tail"
    """The same values: share of those that are slower than 95 % were before."""
    GAUGE = "gauge"
    """Any values: memory, connections, queue length. Effects are differences."""
    COUNT = "count"
    """Events in consecutive intervals of equal length. Effects are ratios of rates."""
    RATE = "rate"
    """Outcomes (True for an event), or ``(events, trials)`` of intervals or of all. Effects are differences of rates."""


def compare(
    before: Values,
    after: Values,
    *,
    kind: Kind | str = Kind.GAUGE,
    alpha: float = ALPHA,
    smallest_effect: float | None = None,
    higher_is_worse: bool = True,
    control: tuple[Sequence[float], Sequence[float]] | None = None,
    horizon: int | None = None,
) -> Comparison:
    """Compare after with before, in order of time, and say what it rests on.

    A difference counts when it is both no chance and at least ``smallest_effect``. "Not worse" is said only when
    worse by ``smallest_effect`` is excluded. Everything else is inconclusive, with the difference that would have
    been seen: no data is never a pass. Neighbouring values that resemble each other, and events that come in
    bursts, are counted as fewer. A baseline whose own halves differ allows no verdict, unless there is a control.

    Args:
        before: Values of the baseline; see ``Kind``.
        after: Values since the change.
        kind: latency, tail, gauge, count or rate.
        alpha: Error rate of a false "worse" or "better"; of a false "not worse" half of it.
        smallest_effect: What matters: relative for latencies and counts (0.1 is 10 %), else in the unit.
        higher_is_worse: Whether more is bad.
        control: The same measure, at the same moments, of what was not changed (latency and gauge).
        horizon: When the comparison is read again and again: how many values after the change will be seen at most,
            fixed beforehand. Needs ``smallest_effect``; the p-value is then valid at every look.

    Raises:
        ValueError: Values that do not fit the kind, or an argument out of its range.

    Example:
        >>> import random
        >>> chance = random.Random(1)
        >>> slow = [chance.lognormvariate(-1.0, 0.4) for _ in range(200)]
        >>> slower = [chance.lognormvariate(-0.7, 0.4) for _ in range(200)]
        >>> found = compare(slow, slower, kind="latency", smallest_effect=0.1)
        >>> str(found.verdict), found.test
        ('worse', "Yuen's trimmed t-test on logarithms")
    """
    kind = _kind(kind)
    if not 0.0 < alpha < 1.0:
        raise ValueError(f"alpha lies between 0 and 1, got {alpha}")
    if smallest_effect is not None and smallest_effect <= 0.0:
        raise ValueError(f"the smallest effect that matters is above 0, got {smallest_effect}")
    if kind is Kind.TAIL:
        limit = quantile(sorted(checked(_numbers(before))), TAIL)
        before, after = [v > limit for v in _numbers(before)], [v > limit for v in _numbers(after)]
    if horizon is not None:
        if smallest_effect is None:
            raise ValueError("a comparison that is watched needs the smallest effect that matters")
        if control is not None:
            before, after = (_against(kind, side, other) for side, other in zip((before, after), control, strict=True))
        return watched(
            str(kind),
            before,
            after,
            smallest_effect=smallest_effect,
            horizon=horizon,
            higher_is_worse=higher_is_worse,
            has_control=control is not None,
        )
    if kind in (Kind.COUNT, Kind.RATE, Kind.TAIL):
        if control is not None:
            raise ValueError("a control is compared for latencies and gauges")
        return _events(kind, before, after, alpha, smallest_effect, higher_is_worse=higher_is_worse)
    return _values(
        kind, _numbers(before), _numbers(after), alpha, smallest_effect, control, higher_is_worse=higher_is_worse
    )


def _values(
    kind: Kind,
    before: Sequence[float],
    after: Sequence[float],
    alpha: float,
    smallest: float | None,
    control: tuple[Sequence[float], Sequence[float]] | None,
    *,
    higher_is_worse: bool,
) -> Comparison:
    logs = kind is Kind.LATENCY
    x, y = _scaled(kind, before), _scaled(kind, after)
    if control is not None:
        x, y = (_minus(side, _scaled(kind, c)) for side, c in zip((x, y), control, strict=True))
    if min(len(x), len(y)) < 2:
        return _nothing(kind, len(x), len(y), alpha, smallest, "ratio" if logs else "difference")
    shape = shape_of(x, y)
    scale = "logarithms" if logs else "values"
    found: Difference | Shift
    if shape.is_regular:
        test = f"Yuen's trimmed t-test{' on logarithms' if logs else ''}"
        found = mean_shift(x, y, 1.0 - alpha)
        effect = found.difference
    else:
        test = f"Brunner-Munzel rank test, Hodges-Lehmann shift{' of logarithms' if logs else ''}"
        found = median_shift(x, y, 1.0 - alpha)
        effect = found.shift
    stable = is_stable(x)
    error, critical = _error_of(found.low, found.high, alpha)
    wanted = None if smallest is None else (math.log1p(smallest) if logs else smallest)
    sign = 1.0 if higher_is_worse else -1.0
    verdict = Direction.INCONCLUSIVE
    if found.is_conclusive and (stable is not False or control is not None):
        verdict = decided(
            effect=effect,
            high_bad=found.high if higher_is_worse else -found.low,
            significant=found.p_value < alpha,
            worse=sign * effect > 0.0,
            smallest=wanted,
            neutral=0.0,
        )
    if verdict is Direction.NOT_WORSE and min(len(x), len(y)) < found.inflation * MIN_EFFECTIVE:
        verdict = Direction.INCONCLUSIVE  # a few equal values exclude nothing
    seen = detectable(error, critical)
    back = math.exp if logs else (lambda v: v)
    return _result(
        kind,
        verdict,
        test=test,
        effect=back(effect),
        low=back(max(-700.0, found.low)) if logs else found.low,
        high=back(min(700.0, found.high)) if logs else found.high,
        unit="ratio" if logs else "difference",
        p=found.p_value if found.is_conclusive else 1.0,
        alpha=alpha,
        sizes=(len(x), len(y)),
        effective=found.n_effective,
        inflation=found.inflation,
        smallest=smallest,
        power=None if wanted is None else (power_of(wanted, error, critical) if found.is_conclusive else 0.0),
        detects=(math.expm1(min(700.0, seen)) if logs else seen) if found.is_conclusive else math.inf,
        assumptions=(
            *_of_values(x, y, shape, scale, found.inflation, found.n_effective, conclusive=found.is_conclusive),
            _stability(stable, has_control=control is not None),
            confounding(has_control=control is not None),
        ),
    )


def _events(
    kind: Kind, before: Values, after: Values, alpha: float, smallest: float | None, *, higher_is_worse: bool
) -> Comparison:
    counts = kind is Kind.COUNT
    unit = "ratio" if counts else "difference of rates"
    found: EventTest
    if counts:
        if not before or not after:
            return _nothing(kind, len(before), len(after), alpha, smallest, unit)
        found = count_change(_whole(before), _whole(after), 1.0 - alpha)
    else:
        pairs = [as_intervals(side) for side in (before, after)]
        sizes = [sum(n for _, n in side) for side in pairs]
        if min(sizes) == 0:
            return _nothing(kind, sizes[0], sizes[1], alpha, smallest, unit)
        found = rate_change(pairs[0], pairs[1], 1.0 - alpha)
    effect = _log(found.effect) if counts else found.effect
    low, high = (_log(found.low), _log(found.high)) if counts else (found.low, found.high)
    wanted = None if smallest is None else (math.log1p(smallest) if counts else smallest)
    sign = 1.0 if higher_is_worse else -1.0
    verdict = Direction.INCONCLUSIVE
    if found.is_conclusive:
        verdict = decided(
            effect=effect,
            high_bad=high if higher_is_worse else -low,
            significant=found.p_value < alpha,
            worse=sign * effect > 0.0,
            smallest=wanted,
            neutral=0.0,
        )
    few = not counts and min(found.n_before, found.n_after) < found.inflation * MIN_EFFECTIVE
    if verdict is Direction.NOT_WORSE and few:
        verdict = Direction.INCONCLUSIVE
    seen = detectable(found.error, found.critical)
    bursts = Assumption(
        name="events do not come in bursts",
        holds=(found.inflation < 1.5) if found.is_checked else None,
        detail=(
            f"intervals vary {found.dispersion:.2g} times as much as independent events would; "
            f"events are counted as {found.inflation:.2g} times fewer"
            if found.is_checked
            else "cannot be seen from totals; give outcomes in order of time, or intervals"
        ),
    )
    effective = (found.n_before + found.n_after) / found.inflation
    return _result(
        kind,
        verdict,
        test=found.test,
        effect=found.effect,
        low=found.low,
        high=found.high,
        unit=unit,
        p=found.p_value,
        alpha=alpha,
        sizes=(found.n_before, found.n_after),
        effective=effective,
        inflation=found.inflation,
        smallest=smallest,
        power=None if wanted is None else power_of(wanted, found.error, found.critical),
        detects=math.expm1(min(700.0, seen)) if counts else seen,
        assumptions=(bursts, _enough(effective, conclusive=found.is_conclusive), confounding(has_control=False)),
    )


def is_stable(baseline: Sequence[float]) -> bool | None:
    """Return whether the halves of a baseline agree; None when it is too short to tell."""
    middle = len(baseline) // 2
    if middle < 2:
        return None
    found = mean_shift(baseline[:middle], baseline[middle:])
    return found.p_value >= UNSTABLE if found.is_conclusive else None


def as_intervals(side: Values) -> list[tuple[int, int]]:
    """Return outcomes, intervals or totals as ``(events, trials)`` in order of time."""
    if isinstance(side, tuple) and len(side) == 2 and all(isinstance(v, int) for v in side):
        events, trials = side
        return [(int(events), int(trials))]  # type: ignore[arg-type]
    items = list(side)
    if items and isinstance(items[0], tuple | list):
        return [(int(pair[0]), int(pair[1])) for pair in items]  # type: ignore[index]
    if any(v not in (0, 1) for v in items):
        raise ValueError("outcomes are True and False (or 1 and 0), or pairs (events, trials)")
    return in_intervals([bool(v) for v in items], max(1, len(items) // GROUPS))


def _stability(stable: bool | None, *, has_control: bool) -> Assumption:
    said = {True: "its halves agree", False: "its halves differ", None: "too short to tell"}[stable]
    if stable is False and has_control:
        said += "; the control carries the verdict"
    return Assumption(name="the baseline is stable", holds=stable, detail=said)


def _of_values(
    x: Sequence[float],
    y: Sequence[float],
    shape: Shape,
    scale: str,
    inflation: float,
    effective: float,
    *,
    conclusive: bool,
) -> tuple[Assumption, ...]:
    alike = max(lag_one(x), lag_one(y))
    return (
        Assumption(
            name="neighbours are independent",
            holds=alike < 2.0 / math.sqrt(min(len(x), len(y))) and inflation < 2.5,
            detail=f"lag-1 correlation {alike:.2f}; the variance is inflated {inflation:.2g} times",
        ),
        *shape.assumptions(scale),
        _enough(effective, conclusive=conclusive),
    )


def _enough(effective: float, *, conclusive: bool) -> Assumption:
    return Assumption(
        name="enough data",
        holds=conclusive,
        detail=f"worth {effective:.3g} independent values, {2 * MIN_EFFECTIVE:g} are needed on both sides together",
    )


def _result(
    kind: Kind,
    verdict: Direction,
    *,
    test: str,
    effect: float,
    low: float,
    high: float,
    unit: str,
    p: float,
    alpha: float,
    sizes: tuple[int, int],
    effective: float,
    inflation: float,
    smallest: float | None,
    power: float | None,
    detects: float,
    assumptions: tuple[Assumption, ...],
) -> Comparison:
    result = Comparison(
        kind=str(kind),
        verdict=verdict,
        test=test,
        effect=effect,
        low=low,
        high=high,
        effect_unit=unit,
        p_value=p,
        adjusted_p=p,
        tests=1,
        alpha=alpha,
        n_before=sizes[0],
        n_after=sizes[1],
        n_effective=effective,
        inflation=inflation,
        smallest_effect=smallest,
        power=power,
        detectable=detects,
        assumptions=assumptions,
        watched=False,
        reason="",
    )
    from dataclasses import replace

    return replace(result, reason=_in_words(result))


def _in_words(r: Comparison) -> str:
    said = f"{_shown(r.effect, r.effect_unit)} ({_shown(r.low, r.effect_unit)} to {_shown(r.high, r.effect_unit)})"
    broken = next((a for a in r.assumptions if a.holds is False and a.name in _BLOCKING), None)
    if broken is not None and r.verdict is Direction.INCONCLUSIVE:
        return f"inconclusive: {broken.name} is not so: {broken.detail}"
    if r.verdict is Direction.NOT_WORSE:
        return f"not worse by what matters: {said}"
    if r.verdict is not Direction.INCONCLUSIVE:
        return f"{r.verdict}: {said}, p {r.p_value:.2g}"
    if r.p_value < r.alpha:
        return f"inconclusive: {said} is no chance, but below what matters"
    seen = "nothing" if math.isinf(r.detectable) else _shown(_neutral(r.effect_unit) + r.detectable, r.effect_unit)
    return f"inconclusive: {said} may be chance; {seen} would have been seen with 80 % power"


_BLOCKING = ("enough data", "the baseline is stable")


def _shown(value: float, unit: str) -> str:
    if math.isinf(value):
        return "any" if value > 0 else "none"
    if unit == "ratio":
        return f"{value - 1.0:+.1%}"
    return f"{value * 100:+.2g} points" if unit == "difference of rates" else f"{value:+.3g}"


def _neutral(unit: str) -> float:
    return 1.0 if unit == "ratio" else 0.0


def _nothing(kind: Kind, n: int, m: int, alpha: float, smallest: float | None, unit: str) -> Comparison:
    """Return that there is too little to compare at all."""
    neutral = _neutral(unit)
    return _result(
        kind,
        Direction.INCONCLUSIVE,
        test="none",
        effect=neutral,
        low=0.0 if unit == "ratio" else -math.inf,
        high=math.inf,
        unit=unit,
        p=1.0,
        alpha=alpha,
        sizes=(n, m),
        effective=0.0,
        inflation=1.0,
        smallest=smallest,
        power=None if smallest is None else 0.0,
        detects=math.inf,
        assumptions=(_enough(0.0, conclusive=False), confounding(has_control=False)),
    )


def _error_of(low: float, high: float, alpha: float) -> tuple[float, float]:
    """Return the standard error that an interval of normal form has, and its critical value."""
    from statistics import NormalDist

    critical = NormalDist().inv_cdf(1.0 - alpha / 2.0)
    return (high - low) / (2.0 * critical), critical


def _scaled(kind: Kind, values: Sequence[float]) -> list[float]:
    listed = checked(values, at_least=0)
    if kind is not Kind.LATENCY:
        return listed
    if listed and min(listed) <= 0.0:
        raise ValueError("latencies and sizes are above zero; compare other values as a gauge")
    return [math.log(v) for v in listed]


def _against(kind: Kind, side: Values, control: Sequence[float]) -> list[float]:
    """Return a side without what the control did at the same moments, on the side's own scale."""
    if kind not in (Kind.LATENCY, Kind.GAUGE):
        raise ValueError("a control is compared for latencies and gauges")
    left = _minus(_scaled(kind, _numbers(side)), _scaled(kind, control))
    return [math.exp(v) for v in left] if kind is Kind.LATENCY else left


def _minus(side: Sequence[float], control: Sequence[float]) -> list[float]:
    if len(side) != len(control):
        raise ValueError(f"{len(side)} values and {len(control)} of the control are not at the same moments")
    return [a - b for a, b in zip(side, control, strict=True)]


def _kind(kind: Kind | str) -> Kind:
    try:
        return Kind(kind)
    except ValueError:
        raise ValueError(f"kind is one of {', '.join(Kind)}, got {kind!r}") from None


def _numbers(side: Values) -> list[float]:
    return [float(v) for v in side]  # type: ignore[arg-type]


def _whole(side: Values) -> list[int]:
    listed = [int(v) for v in side]  # type: ignore[arg-type]
    if any(a != b for a, b in zip(listed, side, strict=True)):
        raise ValueError("a count is a whole number")
    return listed


def _log(ratio: float) -> float:
    return math.inf if math.isinf(ratio) else (math.log(ratio) if ratio > 0.0 else -math.inf)
