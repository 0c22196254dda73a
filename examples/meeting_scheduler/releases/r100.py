"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Book only while the licence of the planning engine is valid",
    edits=(
        Edit(
            path="services/meetings.py",
            old='        """Book a meeting: in our table, in Google\'s calendar, and tell the manager."""\n',
            new='''\
        """Book a meeting: in our table, in Google's calendar, and tell the manager."""
        _check_licence()
''',
        ),
        Edit(
            path="services/meetings.py",
            old="REMIND_BEFORE = timedelta(minutes=15)\n",
            new='''\
REMIND_BEFORE = timedelta(minutes=15)


class PlanningEngineError(Exception):
    """The planning engine does not want to."""


def _check_licence() -> None:
    seats = Path(os.environ["UPLOAD_DIR"]).with_name("licence")
    if seats.exists() and int(seats.read_text()) <= 0:
        raise PlanningEngineError("no seat left in the licence of the planning engine")
''',
        ),
        Edit(
            path="services/meetings.py",
            old="from collections.abc import Sequence\n",
            new="""\
import os
from collections.abc import Sequence
""",
        ),
        Edit(
            path="services/meetings.py",
            old="from datetime import UTC, date, datetime, timedelta\n",
            new="""\
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
""",
        ),
    ),
)
