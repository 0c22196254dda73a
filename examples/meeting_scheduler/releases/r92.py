"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Promise what lists of meetings look like",
    edits=(
        Edit(
            path="routes.py",
            old='@router.get("/managers/{manager_id}/meetings")\n',
            new='''\
class ListedMeeting(BaseModel):
    """A meeting in a list."""

    id: int
    manager_id: int
    title: str
    starts_at: datetime
    ends_at: datetime
    status: str
    event: str


@router.get("/managers/{manager_id}/meetings", response_model=list[ListedMeeting])
''',
        ),
        Edit(
            path="routes.py",
            old="    return [_meeting_body(meeting) for meeting in meetings]\n",
            new='    return [{**_meeting_body(meeting), "event": meeting.google_event_id} for meeting in meetings]\n',
        ),
    ),
)
