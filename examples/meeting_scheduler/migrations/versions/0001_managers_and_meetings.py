"""Managers, calendars and meetings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "managers",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("email", sa.String(200), nullable=False, unique=True),
        sa.Column("telegram_chat_id", sa.BigInteger),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.create_table(
        "calendars",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "manager_id",
            sa.Integer,
            sa.ForeignKey("managers.id", ondelete="CASCADE"),
            nullable=False,
            unique=True,
        ),
        sa.Column("google_calendar_id", sa.String(200), nullable=False),
        sa.Column("day_starts_at", sa.Time, nullable=False, server_default=sa.text("'09:00'")),
        sa.Column("day_ends_at", sa.Time, nullable=False, server_default=sa.text("'18:00'")),
        sa.Column("slot_minutes", sa.Integer, nullable=False, server_default=sa.text("30")),
    )
    op.create_table(
        "meetings",
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("manager_id", sa.Integer, sa.ForeignKey("managers.id", ondelete="CASCADE"), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("description", sa.Text),
        sa.Column("attendee_email", sa.String(200), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(20), nullable=False, server_default=sa.text("'scheduled'")),
        sa.Column("google_event_id", sa.String(200)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )


def downgrade() -> None:
    op.drop_table("meetings")
    op.drop_table("calendars")
    op.drop_table("managers")
