"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Meetings have a place",
    migrate=False,
    edits=(
        Edit(
            path="models.py",
            old="    google_event_id: Mapped[str | None] = mapped_column(String(200))\n",
            new="""\
    google_event_id: Mapped[str | None] = mapped_column(String(200))
    location: Mapped[str | None] = mapped_column(String(200))
""",
        ),
        Edit(
            path="routes.py",
            old='        "status": meeting.status,\n',
            new='        "status": meeting.status,\n        "location": meeting.location,\n',
        ),
        Edit(
            path="migrations/versions/0005_places.py",
            old="",
            new='''\
"""Places of meetings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("meetings", sa.Column("location", sa.String(200)))


def downgrade() -> None:
    op.drop_column("meetings", "location")
''',
        ),
    ),
)
