"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Move Google's events along when meetings change places",
    edits=(
        Edit(
            path="services/meetings.py",
            old="""\
            # Always in the same order, or two swaps at a time would wait for each other.
            for meeting_id in sorted((first_id, second_id)):
                _meeting(session, meeting_id, lock=True)
            first, second = _meeting(session, first_id), _meeting(session, second_id)
            first.starts_at, second.starts_at = second.starts_at, first.starts_at
            first.ends_at, second.ends_at = second.ends_at, first.ends_at
            first.updated_at = second.updated_at = _now()
""",
            new="""\
            times = {
                first_id: _meeting(session, second_id).starts_at,
                second_id: _meeting(session, first_id).starts_at,
            }
            for meeting_id, starts_at in times.items():
                meeting = _meeting(session, meeting_id, lock=True)
                meeting.ends_at += starts_at - meeting.starts_at
                meeting.starts_at, meeting.updated_at = starts_at, _now()
                session.flush()
                calendar = _manager(session, meeting.manager_id).calendar
                if meeting.google_event_id:
                    self.calendar.move_event(
                        calendar.google_calendar_id, meeting.google_event_id, starts_at, meeting.ends_at
                    )
""",
        ),
    ),
)
