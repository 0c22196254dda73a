"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Meetings have a price",
    edits=(
        Edit(
            path="models.py",
            old="    google_event_id: Mapped[str | None] = mapped_column(String(200))\n",
            new="""\
    google_event_id: Mapped[str | None] = mapped_column(String(200))
    price: Mapped[Decimal | None] = mapped_column(Numeric(8, 2))
""",
        ),
        Edit(
            path="models.py",
            old="from datetime import datetime, time\n",
            new="""\
from datetime import datetime, time
from decimal import Decimal
""",
        ),
        Edit(
            path="models.py",
            old="ForeignKey, Index, Integer, String,",
            new="ForeignKey, Index, Integer, Numeric, String,",
        ),
        Edit(
            path="migrations/versions/0005_prices.py",
            old="",
            new='''\
"""Prices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("meetings", sa.Column("price", sa.Numeric(8, 2)))


def downgrade() -> None:
    op.drop_column("meetings", "price")
''',
        ),
        Edit(
            path="services/meetings.py",
            old="""\
    @diagnosed
    def swap(""",
            new='''\
    def set_price(self, meeting_id: int, price: Decimal) -> Meeting:
        """Say what a meeting costs."""
        with self.database.session() as session:
            meeting = _meeting(session, meeting_id, lock=True)
            meeting.price = price
            return meeting

    @diagnosed
    def swap(''',
        ),
        Edit(
            path="services/meetings.py",
            old="from datetime import UTC, date, datetime, timedelta\n",
            new="""\
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
""",
        ),
        Edit(
            path="routes.py",
            old='@router.post("/meetings/swap")\n',
            new='''\
class Price(BaseModel):
    """What a meeting costs."""

    price: Decimal


@router.post("/meetings/{meeting_id}/price")
def set_price(request: Request, meeting_id: Id, body: Price) -> dict[str, Any]:
    return _meeting_body(_meetings(request).set_price(meeting_id, body.price))


@router.post("/meetings/swap")
''',
        ),
        Edit(
            path="routes.py",
            old="from datetime import UTC, date, datetime, timedelta\n",
            new="""\
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
""",
        ),
    ),
)
