"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Read a meeting without the join",
    edits=(
        Edit(
            path="services/meetings.py",
            old="select(Meeting).where(Meeting.id == meeting_id).options(joinedload(Meeting.manager))",
            new="select(Meeting).where(Meeting.id == meeting_id)",
        ),
        Edit(
            path="services/meetings.py",
            old="from sqlalchemy.orm import Session, joinedload\n",
            new="from sqlalchemy.orm import Session\n",
        ),
    ),
)
