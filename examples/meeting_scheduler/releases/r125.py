"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Meetings know the region in which they take place",
    edits=(
        Edit(
            path="migrations/versions/0005_regions.py",
            old="",
            new='''\
"""The region of a meeting; old ones took place at home."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("meetings", sa.Column("region", sa.String(8), nullable=False, server_default="eu"))
    op.alter_column("meetings", "region", server_default=None)


def downgrade() -> None:
    op.drop_column("meetings", "region")
''',
        ),
    ),
)
