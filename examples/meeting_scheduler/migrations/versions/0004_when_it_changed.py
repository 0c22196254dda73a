"""When a meeting changed and a manager was last booked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "meetings",
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.add_column("managers", sa.Column("last_booked_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("managers", "last_booked_at")
    op.drop_column("meetings", "updated_at")
