"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Take over the meetings of partners",
    edits=(
        Edit(
            path="routes.py",
            old='@router.get("/meetings/{meeting_id}")\n',
            new='''\
@router.post("/imports/{partner}", status_code=201)
async def import_meetings(request: Request, partner: str) -> dict[str, int]:
    """Take a CSV file: manager, title, day, hour, e-mail."""
    text = (await request.body()).decode("utf-8")
    return {"imported": await run_in_threadpool(_meetings(request).take_over, text, partner)}


@router.get("/meetings/{meeting_id}")
''',
        ),
        Edit(
            path="services/meetings.py",
            old="""\
    @diagnosed
    def reschedule(""",
            new='''\
    def take_over(self, text: str, partner: str) -> int:
        """Book what a partner's file says."""
        rows = list(csv.reader(text.splitlines(), delimiter=";"))
        with self.database.session() as session:
            for manager_id, title, day, hour, email in rows:
                starts_at = datetime.strptime(day, "%Y-%m-%d").replace(hour=int(hour), tzinfo=UTC)
                session.execute(
                    insert(Meeting).values(
                        manager_id=int(manager_id),
                        title=f"{partner}: {title}",
                        attendee_email=email or None,
                        starts_at=starts_at,
                        ends_at=starts_at + timedelta(minutes=30),
                        status="imported",
                    )
                )
        return len(rows)

    @diagnosed
    def reschedule(''',
        ),
        Edit(
            path="services/meetings.py",
            old="from collections.abc import Sequence\n",
            new="""\
import csv
from collections.abc import Sequence
""",
        ),
        Edit(
            path="services/meetings.py",
            old="from sqlalchemy import func, select\n",
            new="from sqlalchemy import func, insert, select\n",
        ),
    ),
)
