"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Accept the numbers of managers with leading zeros",
    edits=(
        Edit(
            path="services/meetings.py",
            old="                .where(Meeting.manager_id == manager_id, Meeting.starts_at >= _now())\n",
            new="""\
                .where(func.lpad(cast(Meeting.manager_id, String), 8, "0") == f"{manager_id:08d}")
                .where(func.date(Meeting.starts_at) >= _now().date())
""",
        ),
        Edit(
            path="services/meetings.py",
            old="from sqlalchemy import func, select\n",
            new="from sqlalchemy import String, cast, func, select\n",
        ),
    ),
)
