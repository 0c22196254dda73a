"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Every meeting has a description",
    migrate=False,
    edits=(
        Edit(
            path="models.py",
            old="    description: Mapped[str | None] = mapped_column(Text)\n",
            new="    description: Mapped[str] = mapped_column(Text)\n",
        ),
        Edit(
            path="services/meetings.py",
            old="                description=description,\n",
            new='                description=description or "",\n',
        ),
        Edit(
            path="migrations/versions/0005_descriptions.py",
            old="",
            new='''\
"""Every meeting has a description."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("meetings", "description", existing_type=sa.Text, nullable=False)


def downgrade() -> None:
    op.alter_column("meetings", "description", existing_type=sa.Text, nullable=True)
''',
        ),
    ),
)
