"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Show managers and attachments in lists of meetings",
    edits=(
        Edit(
            path="services/meetings.py",
            old="    @diagnosed\n    def meeting(self, meeting_id: int) -> Meeting:\n",
            new='''\
    def attachments(self, meeting_id: int) -> int:
        """Count the attachments of a meeting."""
        with self.database.session() as session:
            query = select(func.count()).where(Attachment.meeting_id == meeting_id)
            return session.scalars(query).one()

    @diagnosed
    def meeting(self, meeting_id: int) -> Meeting:
''',
        ),
        Edit(
            path="services/meetings.py",
            old="from ..models import Manager, Meeting, Reminder\n",
            new="from ..models import Attachment, Manager, Meeting, Reminder\n",
        ),
        Edit(
            path="routes.py",
            old="    return [_meeting_body(meeting) for meeting in meetings]\n",
            new="""\
    service = _meetings(request)
    return [
        {
            **_meeting_body(service.meeting(meeting.id)),
            "manager": service.manager(meeting.manager_id).name,
            "attachments": service.attachments(meeting.id),
        }
        for meeting in meetings
    ]
""",
        ),
    ),
)
