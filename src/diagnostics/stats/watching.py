"""Comparisons that are read again and again: each kind of data on the scale of the sequential test."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from diagnostics.stats.sequential import MIN_BASELINE, Direction, SequentialComparison, stabilised
from diagnostics.stats.sequential import compare as in_sequence
from diagnostics.stats.verdicts import Assumption, Comparison, confounding

#: Requests in one bucket, where there are enough of them.
BUCKET = 50
#: Baseline buckets that are aimed at: enough to see how alike neighbours are.
BASELINE_BUCKETS = 60
ALPHA = 0.05


def watched(
    kind: str,
    before: Sequence[Any],
    after: Sequence[Any],
    *,
    smallest_effect: float,
    horizon: int,
    higher_is_worse: bool,
    has_control: bool = False,
) -> Comparison:
    """Return what the sequential comparison says so far; valid at every look up to the horizon.

    Values are averaged in buckets of up to 50, so that at least 20 (aimed at: 60) are before. Latencies go in as
    logarithms; events as Anscombe's square roots of counts, in buckets with at least one expected event.
    """
    if kind == "latency":
        x, y = [math.log(v) for v in before], [math.log(v) for v in after]
        size = min(BUCKET, max(1, len(x) // BASELINE_BUCKETS))
        smallest = math.log1p(smallest_effect)
        found = _looked(_means(x, size), _means(y, size), horizon // size, smallest, higher_is_worse=higher_is_worse)
        effect, low, high = (math.exp(max(-700.0, min(700.0, v))) for v in (found.effect, found.low, found.high))
        return _said(kind, found, effect, low, high, "ratio", smallest_effect, size, has_control=has_control)
    if kind == "gauge":
        x, y = [float(v) for v in before], [float(v) for v in after]
        size = min(BUCKET, max(1, len(x) // BASELINE_BUCKETS))
        found = _looked(
            _means(x, size), _means(y, size), horizon // size, smallest_effect, higher_is_worse=higher_is_worse
        )
        return _said(
            kind,
            found,
            found.effect,
            found.low,
            found.high,
            "difference",
            smallest_effect,
            size,
            has_control=has_control,
        )
    return _events(kind, before, after, smallest_effect, horizon, higher_is_worse=higher_is_worse)


def _events(
    kind: str,
    before: Sequence[Any],
    after: Sequence[Any],
    smallest_effect: float,
    horizon: int,
    *,
    higher_is_worse: bool,
) -> Comparison:
    counts = kind == "count"
    b, a = [int(v) for v in before], [int(v) for v in after]
    if not counts and any(v not in (0, 1) for v in (*b, *a)):
        raise ValueError("a rate that is watched needs outcomes in order of time: True and False")
    rate = sum(b) / len(b) if b else 0.0
    size = 1 if counts else min(BUCKET, max(1, len(b) // BASELINE_BUCKETS))
    while rate * size < 1.0 and len(b) // (2 * size) >= MIN_BASELINE:
        size *= 2
    expected = max(rate * size, 1.0)
    changed = expected * (1.0 + smallest_effect) if counts else expected + smallest_effect * size
    smallest = 2.0 * (math.sqrt(changed) - math.sqrt(expected))
    x, y = (stabilised(_sums(side, size)) for side in (b, a))
    found = _looked(x, y, horizon // size, smallest, higher_is_worse=higher_is_worse)
    # Back from the square roots, for people: the rate before, and what the interval makes of it.
    root = 2.0 * math.sqrt(expected + 0.375)

    def events_at(shift: float) -> float:
        return max(0.0, (max(0.0, root + shift) / 2.0) ** 2 - 0.375)

    if counts:
        effect, low, high = (events_at(v) / expected if math.isfinite(v) else _end(v, 0.0) for v in _ends(found))
        return _said(kind, found, effect, low, high, "ratio", smallest_effect, size, has_control=False)
    effect, low, high = ((events_at(v) - expected) / size if math.isfinite(v) else _end(v, -1.0) for v in _ends(found))
    return _said(kind, found, effect, low, high, "difference of rates", smallest_effect, size, has_control=False)


def _looked(
    x: Sequence[float], y: Sequence[float], horizon: int, smallest: float, *, higher_is_worse: bool
) -> SequentialComparison:
    return in_sequence(
        x,
        y,
        horizon=max(1, horizon),
        smallest_effect=smallest,
        margin=smallest,
        higher_is_worse=higher_is_worse,
    )


def _said(
    kind: str,
    found: SequentialComparison,
    effect: float,
    low: float,
    high: float,
    unit: str,
    smallest: float,
    size: int,
    *,
    has_control: bool,
) -> Comparison:
    buckets = size * found.bucket
    return Comparison(
        kind=kind,
        verdict=found.direction,
        test="sequential comparison of buckets, horizon and early boundary",
        effect=effect,
        low=low,
        high=high,
        effect_unit=unit,
        p_value=found.p_value,
        adjusted_p=found.p_value,
        tests=1,
        alpha=ALPHA,
        n_before=found.n_before,
        n_after=found.n_after,
        n_effective=(found.n_before + found.n_after) / found.inflation,
        inflation=found.inflation,
        smallest_effect=smallest,
        power=None,
        detectable=math.inf,
        assumptions=(
            Assumption(
                name="neighbours are independent",
                holds=found.inflation < 2.0,
                detail=f"buckets of {buckets}; the variance of their means is inflated {found.inflation:.2g} times",
            ),
            Assumption(
                name="the baseline is stable",
                holds=not found.reason.startswith("the baseline itself moved"),
                detail=found.reason,
            ),
            Assumption(
                name="enough data", holds=found.n_before >= MIN_BASELINE, detail=f"{found.n_before} buckets before"
            ),
            Assumption(name="the horizon was fixed beforehand", holds=None, detail="the caller's promise"),
            confounding(has_control=has_control),
        ),
        watched=True,
        reason=f"{found.direction}: {found.reason}"
        if found.direction is Direction.INCONCLUSIVE
        else f"{found.direction}: {found.reason} of {buckets}",
    )


def _ends(found: SequentialComparison) -> tuple[float, float, float]:
    return found.effect, found.low, found.high


def _end(value: float, lowest: float) -> float:
    return math.inf if value > 0 else lowest


def _means(values: Sequence[float], size: int) -> list[float]:
    if size == 1:
        return list(values)
    return [math.fsum(values[i : i + size]) / size for i in range(0, len(values) - size + 1, size)]


def _sums(values: Sequence[int], size: int) -> list[int]:
    return [sum(values[i : i + size]) for i in range(0, len(values) - size + 1, size)]
