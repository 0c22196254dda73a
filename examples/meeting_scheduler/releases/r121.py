"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="A guest meets a manager once",
    migrate=False,
    edits=(
        Edit(
            path="models.py",
            old='        Index("ix_meetings_created_at", "created_at"),\n',
            new="""\
        Index("ix_meetings_created_at", "created_at"),
        Index("uq_meetings_guest", "manager_id", "attendee_email", unique=True),
""",
        ),
        Edit(
            path="migrations/versions/0005_guests.py",
            old="",
            new='''\
"""A guest meets a manager once."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("uq_meetings_guest", "meetings", ["manager_id", "attendee_email"], unique=True)


def downgrade() -> None:
    op.drop_index("uq_meetings_guest", "meetings")
''',
        ),
    ),
)
