"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Rank free slots by how quiet the weeks around them are",
    edits=(
        Edit(
            path="services/slots.py",
            old="    return slots\n",
            new='''\
    return sorted(slots, key=lambda slot: _crowding(slot, taken))


def _crowding(slot: Interval, taken: list[Interval]) -> int:
    """Count the busy minutes of the two weeks before and after a slot."""
    crowded = 0
    minute = slot[0] - timedelta(days=14)
    while minute < slot[1] + timedelta(days=14):
        if any(start <= minute < end for start, end in taken):
            crowded += 1
        minute += timedelta(minutes=1)
    return crowded
''',
        ),
    ),
)
