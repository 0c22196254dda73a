"""Indexes for the lists of meetings and for the statistics."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_meetings_manager_id_starts_at", "meetings", ["manager_id", "starts_at"])
    op.create_index("ix_meetings_created_at", "meetings", ["created_at"])


def downgrade() -> None:
    op.drop_index("ix_meetings_created_at", "meetings")
    op.drop_index("ix_meetings_manager_id_starts_at", "meetings")
