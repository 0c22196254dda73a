"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Limits in a file of their own",
    edits=(
        Edit(
            path="limits.toml",
            old="",
            new="""\
# What may be booked.
longest_minutes = 480
days_ahead = 800
""",
        ),
        Edit(
            path="services/meetings.py",
            old="""\
from collections.abc import Sequence
""",
            new="""\
import tomllib
from collections.abc import Sequence
""",
        ),
        Edit(
            path="services/meetings.py",
            old="""\
from datetime import UTC, date, datetime, timedelta
""",
            new="""\
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
""",
        ),
        Edit(
            path="services/meetings.py",
            old="""\
REMIND_BEFORE = timedelta(minutes=15)
""",
            new="""\
REMIND_BEFORE = timedelta(minutes=15)
LIMITS = tomllib.loads((Path(__file__).parent.parent / "limits.toml").read_text())
""",
        ),
        Edit(
            path="services/meetings.py",
            old="""\
        ends_at = starts_at + timedelta(minutes=minutes)
""",
            new="""\
        if minutes > LIMITS["longest_minutes"] or starts_at > _now() + timedelta(days=LIMITS["days_ahead"]):
            raise ValueError(f"{minutes} minutes at {starts_at} are beyond {LIMITS}")
        ends_at = starts_at + timedelta(minutes=minutes)
""",
        ),
    ),
)
