"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Partners page through all meetings",
    edits=(
        Edit(
            path="routes.py",
            old='@router.get("/meetings/{meeting_id}")\n',
            new="""\
@router.get("/meetings")
def list_all_meetings(request: Request, page: int = Query(1, ge=1), size: int = Query(50, le=200)) -> list[Any]:
    return [_meeting_body(meeting) for meeting in _meetings(request).page(page, size)]


@router.get("/meetings/{meeting_id}")
""",
        ),
        Edit(
            path="services/meetings.py",
            old="    @diagnosed\n    def meeting(self, meeting_id: int) -> Meeting:\n",
            new='''\
    @diagnosed
    def page(self, number: int, size: int) -> Sequence[Meeting]:
        """Return one page of all meetings."""
        with self.database.session() as session:
            query = select(Meeting).order_by(Meeting.id).offset((number - 1) * size).limit(size)
            return session.scalars(query).all()

    @diagnosed
    def meeting(self, meeting_id: int) -> Meeting:
''',
        ),
    ),
)
