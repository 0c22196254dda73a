"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Leave room for the reminder before the first slot",
    edits=(
        Edit(
            path="services/slots.py",
            old="from datetime import UTC, date, datetime, time, timedelta\n",
            new="""\
from datetime import UTC, date, datetime, time, timedelta

from .meetings import REMIND_BEFORE
""",
        ),
        Edit(
            path="services/slots.py",
            old="        datetime.combine(day, starts_at, tzinfo=UTC),\n",
            new="        datetime.combine(day, starts_at, tzinfo=UTC) + REMIND_BEFORE,\n",
        ),
    ),
)
