"""Seeing it come: where a number is heading, and when it meets its limit (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from diagnostics.model.health import CheckResult
from diagnostics.model.record import Record
from diagnostics.stats.trend import Trend, seconds_until, trend

MIN_POINTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast(Record):
    """When a number meets its limit if it goes on as it did.

    Attributes:
        limit: The limit.
        at: Best guess.
        earliest: Lower end of the interval.
        latest: Upper end; None when the interval holds "never".
        per_hour: Change of the number in an hour.
        because: In words, with the number of points.
    """

    limit: float
    at: datetime
    earliest: datetime
    latest: datetime | None
    per_hour: float
    because: str


def series(results: Sequence[CheckResult], metric: str) -> tuple[list[datetime], list[float]]:
    """Return the moments and values at which the checks measured ``metric``."""
    pairs = [(r.at, r.metrics[metric]) for r in results if r.at is not None and metric in r.metrics]
    return [at for at, _ in pairs], [value for _, value in pairs]


def trend_of(results: Sequence[CheckResult], metric: str) -> Trend | None:
    """Return the robust slope (Theil-Sen) per second since the first result; None with too few results."""
    moments, values = series(results, metric)
    if len(values) < MIN_POINTS or moments[0] == moments[-1]:
        return None
    return trend([(at - moments[0]).total_seconds() for at in moments], values)


def forecast(results: Sequence[CheckResult], metric: str, limit: float) -> Forecast | None:
    """Return when ``metric`` meets ``limit``; None when no significant trend leads there."""
    line = trend_of(results, metric)
    if line is None:
        return None
    moments, _ = series(results, metric)
    last = (moments[-1] - moments[0]).total_seconds()
    found = seconds_until(line, last, limit)
    if found is None:
        return None
    best, soonest, latest = found
    hourly = line.slope * 3600.0
    return Forecast(
        limit=limit,
        at=_after(moments[-1], best) or moments[-1],
        earliest=_after(moments[-1], soonest) or moments[-1],
        latest=_after(moments[-1], latest),
        per_hour=hourly,
        because=f"{line.n} results in {last / 60:.0f} min, {hourly:+.3g} an hour, p = {line.p_value:.2g}",
    )


def _after(moment: datetime, seconds: float) -> datetime | None:
    try:
        return moment + timedelta(seconds=seconds)
    except (OverflowError, ValueError):  # infinite, or beyond the calendar
        return None
