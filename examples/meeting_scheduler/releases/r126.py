"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Note who changed what",
    migrate=False,
    edits=(
        Edit(
            path="models.py",
            old="class Attachment(Base):\n",
            new='''\
class Change(Base):
    """What was done with a meeting, and when."""

    __tablename__ = "changes"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), index=True)
    what: Mapped[str] = mapped_column(String(200))
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class Attachment(Base):
''',
        ),
        Edit(
            path="services/meetings.py",
            old="from ..models import Manager, Meeting, Reminder\n",
            new="from ..models import Change, Manager, Meeting, Reminder\n",
        ),
        Edit(
            path="services/meetings.py",
            old="            session.add(Reminder(meeting_id=meeting.id, remind_at=starts_at - REMIND_BEFORE))\n",
            new="""\
            session.add(Reminder(meeting_id=meeting.id, remind_at=starts_at - REMIND_BEFORE))
            session.add(Change(meeting_id=meeting.id, what="created"))
""",
        ),
        Edit(
            path="services/meetings.py",
            old="            meeting.starts_at, meeting.ends_at, meeting.updated_at = starts_at, ends_at, _now()\n",
            new="""\
            meeting.starts_at, meeting.ends_at, meeting.updated_at = starts_at, ends_at, _now()
            session.add(Change(meeting_id=meeting.id, what=f"moved to {starts_at:%d.%m. %H:%M}"))
""",
        ),
        Edit(
            path="migrations/versions/0005_changes.py",
            old="",
            new='''\
"""Who changed what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "changes",
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column(
            "meeting_id",
            sa.BigInteger,
            sa.ForeignKey("meetings.id", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("what", sa.String(200), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )


def downgrade() -> None:
    op.drop_table("changes")
''',
        ),
    ),
)
