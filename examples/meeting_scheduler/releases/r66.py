"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Opening hours from the environment",
    edits=(
        Edit(
            path="services/slots.py",
            old="from datetime import UTC, date, datetime, time, timedelta\n",
            new="""\
from datetime import UTC, date, datetime, time, timedelta

from pydantic import BaseSettings
""",
        ),
        Edit(
            path="services/slots.py",
            old="""\
Interval = tuple[datetime, datetime]

""",
            new="""\
Interval = tuple[datetime, datetime]


class OpeningHours(BaseSettings):
    opens_at: time = time(8)
    closes_at: time = time(20)


OPENING_HOURS = OpeningHours()

""",
        ),
    ),
)
