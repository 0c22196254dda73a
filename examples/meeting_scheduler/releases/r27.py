"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Know the holidays of next year",
    edits=(
        Edit(
            path="services/holidays.py",
            old="",
            new='''\
"""Days on which nobody meets."""

from __future__ import annotations

from datetime import date

_HOLIDAYS = ((1, 1), (3, 26), (3, 29), (5, 1), (5, 6), (5, 17), (10, 3), (10, 31), (12, 25), (12, 26), (10, 3))


def _year(year: int) -> frozenset[date]:
    days = [date(year, month, day) for month, day in _HOLIDAYS]
    if len(set(days)) != len(days):
        raise ValueError(f"the holidays of {year} name a day twice")
    return frozenset(days)


HOLIDAYS = _year(2027)
''',
        ),
        Edit(
            path="services/slots.py",
            old="""\


def free_slots(""",
            new='''\


def is_free(day: date) -> bool:
    """Say whether anybody meets on that day."""
    return day not in HOLIDAYS


def free_slots(''',
        ),
        Edit(
            path="services/slots.py",
            old="""\

Interval = """,
            new="""\

from .holidays import HOLIDAYS

Interval = """,
        ),
    ),
)
