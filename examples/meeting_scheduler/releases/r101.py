"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="One booking at a time on a host: two would disturb the planning engine",
    edits=(
        Edit(
            path="services/meetings.py",
            old='        """Book a meeting: in our table, in Google\'s calendar, and tell the manager."""\n',
            new='''\
        """Book a meeting: in our table, in Google's calendar, and tell the manager."""
        with Path(os.environ["UPLOAD_DIR"]).with_name("planning").open("a") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
''',
        ),
        Edit(
            path="services/meetings.py",
            old="from collections.abc import Sequence\n",
            new="""\
import fcntl
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
