"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Managers have deputies",
    edits=(
        Edit(
            path="models.py",
            old="    last_booked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))\n",
            new="""\
    last_booked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    deputy_id: Mapped[int | None] = mapped_column(Integer)
""",
        ),
        Edit(
            path="migrations/versions/0005_deputies.py",
            old="",
            new='''\
"""Deputies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("managers", sa.Column("deputy_id", sa.Integer))


def downgrade() -> None:
    op.drop_column("managers", "deputy_id")
''',
        ),
        Edit(
            path="services/meetings.py",
            old="""\
    @diagnosed
    def of_manager(""",
            new='''\
    def deputies(self, manager_id: int, known: dict[int, int | None] | None = None) -> list[int]:
        """Return who stands in for a manager, and who for them, and so on."""
        if known is None:
            with self.database.session() as session:
                known = dict(session.execute(select(Manager.id, Manager.deputy_id)).tuples().all())
        deputy = known.get(manager_id)
        return [] if deputy is None else [deputy, *self.deputies(deputy, known)]

    @diagnosed
    def of_manager(''',
        ),
        Edit(
            path="routes.py",
            old="    return _manager_body(_meetings(request).manager(manager_id))\n",
            new="""\
    service = _meetings(request)
    return {**_manager_body(service.manager(manager_id)), "deputies": service.deputies(manager_id)}
""",
        ),
    ),
)
