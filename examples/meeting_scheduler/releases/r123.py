"""See `RELEASES`."""

from examples.support.releases import Edit, Release

from .r12 import RELEASE as PLACES

RELEASE = Release(
    message="Merge branch 'channels'",
    migrate=False,
    edits=(
        *PLACES.edits,
        Edit(
            path="models.py",
            old="    telegram_chat_id: Mapped[int | None] = mapped_column(BigInteger)\n",
            new="""\
    telegram_chat_id: Mapped[int | None] = mapped_column(BigInteger)
    channel: Mapped[str | None] = mapped_column(String(20))
""",
        ),
        Edit(
            path="migrations/versions/0005_channels.py",
            old="",
            new='''\
"""How a manager wants to be told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "7c1e0d42"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("managers", sa.Column("channel", sa.String(20)))


def downgrade() -> None:
    op.drop_column("managers", "channel")
''',
        ),
    ),
)
