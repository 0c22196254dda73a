"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Read the depots' opening hours once",
    edits=(
        Edit(
            path="parcels.py",
            old="""\
@dataclass(frozen=True)
class Parcels:
""",
            new="""\
_HOURS = {line.split(";")[0]: line.split(";")[1] for line in Path("parcels/hours.csv").read_text().splitlines()}


@dataclass(frozen=True)
class Parcels:
""",
        ),
    ),
)
