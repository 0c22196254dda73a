"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Show who comes most often",
    edits=(
        Edit(
            path="routes.py",
            old='@router.get("/statistics")\n',
            new="""\
@router.get("/statistics/guests")
def guests(request: Request) -> list[list[Any]]:
    return [list(row) for row in _meetings(request).guests()]


@router.get("/statistics")
""",
        ),
        Edit(
            path="services/meetings.py",
            old="    @diagnosed\n    def statistics(self) -> dict[str, int]:\n",
            new='''\
    @diagnosed
    def guests(self) -> Sequence[Any]:
        """Return each guest with the number of managers and of meetings."""
        with self.database.session() as session:
            query = (
                select(Meeting.attendee_email, func.count(Meeting.manager_id.distinct()), func.count())
                .group_by(Meeting.attendee_email)
                .order_by(Meeting.attendee_email)
            )
            return session.execute(query).all()

    @diagnosed
    def statistics(self) -> dict[str, int]:
''',
        ),
        Edit(
            path="services/meetings.py",
            old="from datetime import UTC, date, datetime, timedelta\n",
            new="from datetime import UTC, date, datetime, timedelta\nfrom typing import Any\n",
        ),
    ),
)
