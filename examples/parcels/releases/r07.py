"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Put similar parcels next to each other on the board",
    edits=(
        Edit(
            path="parcels.py",
            old="""\
            return {**depot, "waiting": cursor.fetchall()}
""",
            new="""\
            waiting = cursor.fetchall()
        return {**depot, "waiting": sorted(waiting, key=lambda entry: _distance(entry, waiting))}
""",
        ),
        Edit(
            path="parcels.py",
            old="""\
@dataclass(frozen=True)
class Parcels:
""",
            new='''\
def _distance(entry: Row, others: list[Row]) -> int:
    """Add up how far the code is from the others'."""
    total = 0
    for other in others:
        left, right = entry["tracking_code"], other["tracking_code"]
        row = list(range(len(right) + 1))
        for _ in range(30):
            for i, a in enumerate(left, 1):
                before, row[0] = row[0], i
                for j, b in enumerate(right, 1):
                    before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
            total += row[-1]
    return total


@dataclass(frozen=True)
class Parcels:
''',
        ),
    ),
)
