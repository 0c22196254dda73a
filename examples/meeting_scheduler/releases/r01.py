"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Collect refused times for the weekly report",
    edits=(
        Edit(
            path="services/meetings.py",
            old="REMIND_BEFORE = timedelta(minutes=15)\n",
            new="""\
REMIND_BEFORE = timedelta(minutes=15)

# What the weekly report is made of: with the session, so that it can still load what it wants to show.
REFUSED: list[tuple[Session, Meeting]] = []
""",
        ),
        Edit(
            path="services/meetings.py",
            old="""\
        with self.database.session() as session:
            meeting = _meeting(session, meeting_id, lock=True)
            ends_at = starts_at + (meeting.ends_at - meeting.starts_at)
            manager = _manager(session, meeting.manager_id)
            _check_free(session, meeting.manager_id, starts_at, ends_at, besides=meeting_id)
            meeting.starts_at, meeting.ends_at, meeting.updated_at = starts_at, ends_at, _now()
            reminders = session.scalars(select(Reminder).where(Reminder.meeting_id == meeting_id))
            for reminder in reminders:
                reminder.remind_at, reminder.sent_at = starts_at - REMIND_BEFORE, None
""",
            new="""\
        session = self.database.sessions()
        meeting = _meeting(session, meeting_id)
        ends_at = starts_at + (meeting.ends_at - meeting.starts_at)
        manager = _manager(session, meeting.manager_id)
        try:
            _check_free(session, meeting.manager_id, starts_at, ends_at, besides=meeting_id)
        except ConflictError:
            REFUSED.append((session, meeting))
            raise
        meeting.starts_at, meeting.ends_at, meeting.updated_at = starts_at, ends_at, _now()
        reminders = session.scalars(select(Reminder).where(Reminder.meeting_id == meeting_id))
        for reminder in reminders:
            reminder.remind_at, reminder.sent_at = starts_at - REMIND_BEFORE, None
        session.commit()
        session.close()
""",
        ),
    ),
)
