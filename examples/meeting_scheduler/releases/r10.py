"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Book only when somebody of the team stays free",
    edits=(
        Edit(
            path="services/meetings.py",
            old="""\
            _check_free(session, manager_id, starts_at, ends_at)
""",
            new="""\
            _check_free(session, manager_id, starts_at, ends_at)
            self._check_team(session, starts_at, ends_at)
""",
        ),
        Edit(
            path="services/meetings.py",
            old="    def _tell(self, manager: Manager, text: str) -> None:\n",
            new='''\
    def _check_team(self, session: Session, starts_at: datetime, ends_at: datetime) -> None:
        """Look into the calendars of the team; one booking at a time, or two could take the last one."""
        lead = _manager(session, 1, lock=True)
        team = session.scalars(select(Calendar.google_calendar_id).order_by(Calendar.id).limit(50)).all()
        busy = self.calendar.busy(list(team), starts_at, ends_at)
        if all(any(start < ends_at and end > starts_at for start, end in taken) for taken in busy.values()):
            raise ConflictError(f"the team of {lead.name} is busy")

    def _tell(self, manager: Manager, text: str) -> None:
''',
        ),
        Edit(
            path="services/meetings.py",
            old="from ..models import Manager, Meeting, Reminder\n",
            new="from ..models import Calendar, Manager, Meeting, Reminder\n",
        ),
    ),
)
