"""Series on one scale: how sure is it that they changed, and how much worse did they become in all (pure)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from diagnostics.hypothesis_testing.fleet.clues import Clue
from diagnostics.hypothesis_testing.fleet.vocabulary import Currency, Role, Series
from diagnostics.stats import contrast

#: Discount of trouble in the other currency: whether it is the same trouble is not known.
ABROAD = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How unusual rows ``start`` to ``stop`` of a series are."""

    start: int
    stop: int
    p_value: float


class Measured:
    """One series, standardised on normal times: 0 is the normal level, 1 its noise, higher is worse.

    Args:
        series: What it is.
        normal: Its values in normal times.
        now: Its values in the time in question.
        asked_normal: How many requests the node had in the rows of ``normal``; None where that was not measured.
        asked: The same for ``now``.
    """

    def __init__(self, series: Series, normal: Any, now: Any, asked_normal: Any = None, asked: Any = None) -> None:
        self.series = series
        self.raw_normal, self.raw, self.asked = normal, now, asked
        self.counted = series.is_share and asked is not None
        if self.counted:
            full = contrast.full_mark(normal, now)
            if series.role is Role.FAILURE:
                normal, now = full - normal, full - now
            failed_normal = contrast.failed(normal, asked_normal, full)
            self.failed = contrast.failed(now, asked, full)
            self.past = contrast.failure_rate(failed_normal, asked_normal)
            self.z_normal = contrast.failures_z(failed_normal, asked_normal, self.past)
            self.z = contrast.failures_z(self.failed, asked, self.past)
        else:
            self.z_normal, self.z = contrast.standardised(normal, now, series.direction)

    def excess(self, start: int, stop: int) -> float:
        """Return by how much more it took or failed in all from ``start`` to ``stop``; NaN where it cannot be said."""
        if self.counted:
            return contrast.extra_failures(self.failed, self.asked, self.past, start, stop)
        if self.series.is_total:
            return contrast.extra_total(self.raw_normal, self.raw, None, start, stop)
        if self.asked is None or not self.series.is_mean or self.series.role is not Role.TIME:
            return math.nan
        return contrast.extra_total(self.raw_normal, self.raw, self.asked, start, stop)


def changes(measured: Sequence[Measured], start: int, stop: int) -> Iterator[tuple[Measured, Change]]:
    """Yield how unusual each series is from ``start`` to ``stop``; those that have no value are left out.

    It may have begun one row earlier in any of them: trouble takes time to travel, and intervals cut it. The better of both counts,
    and pays for it.
    """
    starts = [start - 1, start] if start > 1 else [start]
    found: list[list[float]] = [[math.nan] * len(measured) for _ in starts]
    plain = [i for i, m in enumerate(measured) if not m.counted]
    two_sided = [k for k, i in enumerate(plain) if measured[i].series.direction == 0]
    normal, now = (contrast.matrix([getattr(measured[i], side) for i in plain]) for side in ("z_normal", "z"))
    for row, begin in zip(found, starts, strict=True):
        if plain:
            upper = contrast.change_p(normal, now, begin, stop)
            if two_sided:
                lower = contrast.change_p(-normal[:, two_sided], -now[:, two_sided], begin, stop)
                for k, p in zip(two_sided, lower, strict=True):
                    upper[k] = min(1.0, 2.0 * min(upper[k], p))
            for i, p in zip(plain, upper, strict=True):
                row[i] = float(p)
        for i, m in enumerate(measured):
            if m.counted:
                row[i] = contrast.failures_p(m.failed, m.asked, m.past, begin, stop)
    for i, m in enumerate(measured):
        tried = [(row[i], begin) for row, begin in zip(found, starts, strict=True) if not math.isnan(row[i])]
        if tried:
            p, begin = min(tried)
            yield m, Change(start=begin, stop=stop, p_value=min(1.0, p * len(tried)))


def excess(
    symptom: Measured, measured: Sequence[Measured], clues: Sequence[Clue], start: int, stop: int
) -> dict[str, float]:
    """Return what each node took or failed more, in the symptom's currency: seconds or failures in all.

    Trouble changes its currency on the way: who waits too long fails, who fails is asked again. Then a failure is exchanged for the
    time that a request of the symptom's node usually takes, at the discount ``ABROAD``, and by how likely the series changed at all:
    many quick requests add up to seconds by noise alone. The larger of both counts.
    """
    currency = symptom.series.currency
    home: dict[str, float] = {}
    for m, more in _totals(currency, measured, start, stop):
        home.setdefault(m.series.node, more)
    other = {Currency.TIME: Currency.FAILURES, Currency.FAILURES: Currency.TIME}.get(currency, Currency.NONE)
    node = symptom.series.node
    means = (m for m in measured if m.series.node == node and m.series.role is Role.TIME and m.series.is_mean)
    usual = next((contrast.range_of(m.raw_normal)[1] for m in means), 0.0)
    if usual > 0.0:
        rate = usual if currency is Currency.TIME else 1.0 / usual
        score = {(c.node, c.inner): c.score for c in clues}
        for m, more in _totals(other, measured, start, stop):
            changed = contrast.chance(score.get((m.series.node, m.series.inner), 0.0))
            home[m.series.node] = max(home.get(m.series.node, 0.0), ABROAD * changed * rate * more)
    return home


def _totals(
    currency: Currency, measured: Sequence[Measured], start: int, stop: int
) -> Iterator[tuple[Measured, float]]:
    for m in measured:
        if currency is not Currency.NONE and m.series.currency is currency:
            more = m.excess(start, stop)
            if not math.isnan(more):
                yield m, more
