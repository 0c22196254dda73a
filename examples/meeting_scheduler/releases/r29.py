"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="One way to ask the calendar",
    edits=(
        Edit(
            path="services/meetings.py",
            old="""\
from collections.abc import Sequence
""",
            new="""\
import asyncio
from collections.abc import Sequence
""",
        ),
        Edit(
            path="services/meetings.py",
            old="""\
        theirs = self.calendar.busy([calendar.google_calendar_id], *hours)
""",
            new="""\
        theirs = asyncio.run(self.calendar.busy_async([calendar.google_calendar_id], *hours))
""",
        ),
    ),
)
