"""What is new since the onset, what became more or less frequent, and which of it is more than chance (pure)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from diagnostics.stats.events import RateChange, dispersion, rate_change
from diagnostics.stats.multiplicity import benjamini_hochberg

FALSE_ALARMS = 0.01
"""Expected share of false alarms among all changes that are reported."""
SMALLEST_RATIO = 2.0
"""A smaller change of a rate is no news, however certain."""


class Kind(StrEnum):
    """How a template's rate changed."""

    NEW = "new"
    MORE = "more"
    FEWER = "fewer"
    GONE = "gone"
    SAME = "same"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How often one template was seen.

    Attributes:
        before: Messages before the onset.
        after: Messages since.
        buckets: Messages in each of some spans of equal length that lie before the onset.
    """

    before: int
    after: int
    buckets: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How the rate of one template changed.

    Attributes:
        kind: ``SAME`` unless the change is more than chance and at least `SMALLEST_RATIO`; ``NEW`` where there was none
            before, even when once is no proof of anything.
        adjusted: The p-value, corrected for the number of templates.
        unlikely: The change is more than chance at `FALSE_ALARMS`.
        record: More often, or more seldom, than in any span of the same length before.
    """

    kind: Kind
    rate: RateChange
    adjusted: float
    unlikely: bool
    record: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The changes, one for each that was given, and how many tests were made."""

    changes: tuple[Change, ...]
    tests: int
    before_seconds: float
    after_seconds: float


def compare(
    counted: Sequence[Counts], *, before_seconds: float, after_seconds: float, bucket_seconds: float
) -> Comparison:
    """Return how the rate of each template changed.

    The test is `rate_change`, with the dispersion that the template's own buckets show; where it was too rare for that,
    with the median of the others. The correction is that of Benjamini and Hochberg over all templates.
    """
    spread = [dispersion(one.buckets) for one in counted]
    known = [value for value, one in zip(spread, counted, strict=True) if one.before >= len(one.buckets) >= 8]
    usual = max(1.0, median(known)) if known else 1.0
    rates = [
        rate_change(
            one.before,
            before_seconds,
            one.after,
            after_seconds,
            dispersion=max(value, usual) if one.before < len(one.buckets) else value,
        )
        for value, one in zip(spread, counted, strict=True)
    ]
    adjusted = benjamini_hochberg([rate.p_value for rate in rates])
    changes = [
        _change(one, rate, p, after_seconds, bucket_seconds)
        for one, rate, p in zip(counted, rates, adjusted, strict=True)
    ]
    return Comparison(
        changes=tuple(changes), tests=len(counted), before_seconds=before_seconds, after_seconds=after_seconds
    )


def _change(one: Counts, rate: RateChange, adjusted: float, after_seconds: float, bucket_seconds: float) -> Change:
    unlikely = adjusted <= FALSE_ALARMS
    if one.after and not one.before:
        kind = Kind.NEW
    elif not unlikely or 1.0 / SMALLEST_RATIO < rate.ratio < SMALLEST_RATIO:
        kind = Kind.SAME
    elif not one.after:
        kind = Kind.GONE
    else:
        kind = Kind.MORE if rate.ratio > 1.0 else Kind.FEWER
    record = _is_record(one, rate, after_seconds / bucket_seconds)
    return Change(kind=kind, rate=rate, adjusted=adjusted, unlikely=unlikely, record=record)


def _is_record(one: Counts, rate: RateChange, buckets: float) -> bool:
    """Return whether no span before held as many, or as few; False where no span before is as long."""
    if rate.ratio > 1.0:
        longest = _sums(one.buckets, math.ceil(buckets))
        return bool(longest) and one.after > max(longest)
    shortest = _sums(one.buckets, math.floor(buckets))
    return bool(shortest) and one.after < min(shortest)


def _sums(buckets: Sequence[int], width: int) -> list[int]:
    """Return the sum of every ``width`` neighbours."""
    if width < 1 or width > len(buckets):
        return []
    total = sum(buckets[:width])
    sums = [total]
    for index in range(width, len(buckets)):
        total += buckets[index] - buckets[index - width]
        sums.append(total)
    return sums
