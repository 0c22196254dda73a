"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Take over the meetings of another calendar",
    edits=(
        Edit(
            path="routes.py",
            old='@router.get("/managers/{manager_id}/slots")\n',
            new='''\
class OldMeeting(BaseModel):
    """A meeting of another calendar."""

    title: str = Field(max_length=200)
    starts_at: AwareDatetime
    attendee_email: str = Field(max_length=200)


@router.post("/managers/{manager_id}/past", status_code=201)
def take_over(request: Request, manager_id: Id, body: list[OldMeeting]) -> dict[str, int]:
    return {"taken": _meetings(request).take_over(manager_id, [entry.model_dump() for entry in body])}


@router.get("/managers/{manager_id}/slots")
''',
        ),
        Edit(
            path="services/meetings.py",
            old="    @diagnosed\n    def reschedule(self, meeting_id: int, starts_at: datetime) -> Meeting:\n",
            new='''\
    @diagnosed
    def take_over(self, manager_id: int, meetings: list[dict[str, Any]]) -> int:
        """Copy what was booked elsewhere; each lasted half an hour."""
        rows = [
            {**row, "manager_id": manager_id, "ends_at": row["starts_at"] + timedelta(minutes=30), "status": "done"}
            for row in meetings
        ]
        with self.database.session() as session:
            session.execute(insert(Meeting), rows)
        return len(rows)

    @diagnosed
    def reschedule(self, meeting_id: int, starts_at: datetime) -> Meeting:
''',
        ),
        Edit(
            path="services/meetings.py",
            old="from datetime import UTC, date, datetime, timedelta\n",
            new="from datetime import UTC, date, datetime, timedelta\nfrom typing import Any\n",
        ),
        Edit(
            path="services/meetings.py",
            old="from sqlalchemy import func, select\n",
            new="from sqlalchemy import func, insert, select\n",
        ),
    ),
)
