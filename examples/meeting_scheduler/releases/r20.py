"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Keep calendar and messages in step",
    edits=(
        Edit(
            path="services/meetings.py",
            old="from collections.abc import Sequence\n",
            new="import threading\nfrom collections.abc import Sequence\n",
        ),
        Edit(
            path="services/meetings.py",
            old="REMIND_BEFORE = timedelta(minutes=15)\n",
            new="""\
REMIND_BEFORE = timedelta(minutes=15)

_calendar_lock = threading.Lock()
_message_lock = threading.Lock()
""",
        ),
        Edit(
            path="services/meetings.py",
            old="""\
        event_id = self.calendar.insert_event(manager.calendar.google_calendar_id, title, starts_at, ends_at, guest)
        with self.database.session() as session:
            meeting = session.get_one(Meeting, meeting.id)
            meeting.google_event_id = event_id
        self._tell(manager, f"New meeting: {title}, {starts_at:%d.%m. %H:%M} with {guest}")
        return meeting
""",
            new="""\
        with _calendar_lock:
            event_id = self.calendar.insert_event(
                manager.calendar.google_calendar_id, title, starts_at, ends_at, guest
            )
            with self.database.session() as session:
                meeting = session.get_one(Meeting, meeting.id)
                meeting.google_event_id = event_id
            with _message_lock:
                self._tell(manager, f"New meeting: {title}, {starts_at:%d.%m. %H:%M} with {guest}")
        return meeting
""",
        ),
        Edit(
            path="services/meetings.py",
            old="""\
        if meeting.google_event_id:
            calendar_id = manager.calendar.google_calendar_id
            self.calendar.move_event(calendar_id, meeting.google_event_id, starts_at, ends_at)
        self._tell(manager, f"Moved: {meeting.title}, now {starts_at:%d.%m. %H:%M}")
        return meeting
""",
            new="""\
        with _message_lock:
            self._tell(manager, f"Moved: {meeting.title}, now {starts_at:%d.%m. %H:%M}")
            if meeting.google_event_id:
                calendar_id = manager.calendar.google_calendar_id
                with _calendar_lock:
                    self.calendar.move_event(calendar_id, meeting.google_event_id, starts_at, ends_at)
        return meeting
""",
        ),
    ),
)
