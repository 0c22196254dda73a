"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Keep the holidays of all regions in memory",
    edits=(
        Edit(
            path="services/meetings.py",
            old="REMIND_BEFORE = timedelta(minutes=15)\n",
            new="""\
REMIND_BEFORE = timedelta(minutes=15)

HOLIDAYS = {number: f"holiday {number} of region {number % 300}" for number in range(900_000)}
""",
        ),
    ),
)
