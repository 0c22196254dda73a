"""Free time: what is left of the working day when everything busy is taken away."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

Interval = tuple[datetime, datetime]


def working_hours(day: date, starts_at: time, ends_at: time) -> Interval:
    """Return the working day as an interval in UTC."""
    return (
        datetime.combine(day, starts_at, tzinfo=UTC),
        datetime.combine(day, ends_at, tzinfo=UTC),
    )


def free_slots(hours: Interval, busy: Iterable[Interval], minutes: int) -> list[Interval]:
    """Return the slots of that length that touch nothing busy."""
    length = timedelta(minutes=minutes)
    taken = sorted(busy)
    slots = []
    start, closing = hours
    index = 0
    while start + length <= closing:
        end = start + length
        while index < len(taken) and taken[index][1] <= start:
            index += 1
        if index == len(taken) or taken[index][0] >= end:
            slots.append((start, end))
        start = end
    return slots
