"""What one can do with meetings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from ..db import Database
from ..errors import ConflictError, NotFoundError
from ..instruments import diagnosed
from ..models import Manager, Meeting, Reminder
from .calendar import GoogleCalendar
from .slots import Interval, free_slots, working_hours
from .telegram import Telegram

REMIND_BEFORE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Meetings:
    """The use cases; no connection is held while Google or Telegram answer."""

    database: Database
    calendar: GoogleCalendar
    telegram: Telegram

    def managers(self, limit: int) -> Sequence[Manager]:
        """Return the managers, by name."""
        with self.database.session() as session:
            return session.scalars(select(Manager).order_by(Manager.name).limit(limit)).all()

    def manager(self, manager_id: int) -> Manager:
        """Return one manager with the calendar."""
        with self.database.session() as session:
            return _manager(session, manager_id)

    @diagnosed
    def of_manager(self, manager_id: int, limit: int) -> Sequence[Meeting]:
        """Return the next meetings of a manager."""
        with self.database.session() as session:
            _manager(session, manager_id)
            query = (
                select(Meeting)
                .where(Meeting.manager_id == manager_id, Meeting.starts_at >= _now())
                .where(Meeting.status == "scheduled")
                .order_by(Meeting.starts_at)
                .limit(limit)
            )
            return session.scalars(query).all()

    @diagnosed
    def meeting(self, meeting_id: int) -> Meeting:
        """Return one meeting with its manager."""
        with self.database.session() as session:
            query = select(Meeting).where(Meeting.id == meeting_id).options(joinedload(Meeting.manager))
            meeting = session.scalars(query).one_or_none()
            if meeting is None:
                raise NotFoundError(f"meeting {meeting_id}")
            return meeting

    @diagnosed
    def free_slots(self, manager_id: int, day: date) -> list[Interval]:
        """Return the free slots of a day, by our own table and by Google's calendar."""
        manager = self.manager(manager_id)
        calendar = manager.calendar
        hours = working_hours(day, calendar.day_starts_at, calendar.day_ends_at)
        with self.database.session() as session:
            ours = session.execute(
                select(Meeting.starts_at, Meeting.ends_at).where(
                    Meeting.manager_id == manager_id,
                    Meeting.starts_at >= hours[0] - timedelta(hours=12),
                    Meeting.starts_at < hours[1],
                    Meeting.status == "scheduled",
                )
            ).all()
        theirs = self.calendar.busy([calendar.google_calendar_id], *hours)
        busy = [(start, end) for start, end in ours] + theirs[calendar.google_calendar_id]
        return free_slots(hours, busy, calendar.slot_minutes)

    @diagnosed
    def create(
        self,
        manager_id: int,
        title: str,
        starts_at: datetime,
        minutes: int,
        guest: str,
        description: str | None,
    ) -> Meeting:
        """Book a meeting: in our table, in Google's calendar, and tell the manager."""
        ends_at = starts_at + timedelta(minutes=minutes)
        with self.database.session() as session:
            manager = _manager(session, manager_id, lock=True)
            _check_free(session, manager_id, starts_at, ends_at)
            meeting = Meeting(
                manager_id=manager_id,
                title=title,
                description=description,
                attendee_email=guest,
                starts_at=starts_at,
                ends_at=ends_at,
                status="scheduled",
            )
            session.add(meeting)
            session.flush()
            session.add(Reminder(meeting_id=meeting.id, remind_at=starts_at - REMIND_BEFORE))
            manager.last_booked_at = _now()

        event_id = self.calendar.insert_event(manager.calendar.google_calendar_id, title, starts_at, ends_at, guest)
        with self.database.session() as session:
            meeting = session.get_one(Meeting, meeting.id)
            meeting.google_event_id = event_id
        self._tell(manager, f"New meeting: {title}, {starts_at:%d.%m. %H:%M} with {guest}")
        return meeting

    @diagnosed
    def reschedule(self, meeting_id: int, starts_at: datetime) -> Meeting:
        """Give a meeting a new time."""
        with self.database.session() as session:
            meeting = _meeting(session, meeting_id, lock=True)
            ends_at = starts_at + (meeting.ends_at - meeting.starts_at)
            manager = _manager(session, meeting.manager_id)
            _check_free(session, meeting.manager_id, starts_at, ends_at, besides=meeting_id)
            meeting.starts_at, meeting.ends_at, meeting.updated_at = starts_at, ends_at, _now()
            reminders = session.scalars(select(Reminder).where(Reminder.meeting_id == meeting_id))
            for reminder in reminders:
                reminder.remind_at, reminder.sent_at = starts_at - REMIND_BEFORE, None

        if meeting.google_event_id:
            calendar_id = manager.calendar.google_calendar_id
            self.calendar.move_event(calendar_id, meeting.google_event_id, starts_at, ends_at)
        self._tell(manager, f"Moved: {meeting.title}, now {starts_at:%d.%m. %H:%M}")
        return meeting

    @diagnosed
    def swap(self, first_id: int, second_id: int) -> None:
        """Let two meetings change places."""
        with self.database.session() as session:
            # Always in the same order, or two swaps at a time would wait for each other.
            for meeting_id in sorted((first_id, second_id)):
                _meeting(session, meeting_id, lock=True)
            first, second = _meeting(session, first_id), _meeting(session, second_id)
            first.starts_at, second.starts_at = second.starts_at, first.starts_at
            first.ends_at, second.ends_at = second.ends_at, first.ends_at
            first.updated_at = second.updated_at = _now()

    @diagnosed
    def cancel(self, meeting_id: int) -> None:
        """Cancel a meeting and tell the manager."""
        with self.database.session() as session:
            meeting = _meeting(session, meeting_id, lock=True)
            meeting.status, meeting.updated_at = "cancelled", _now()
            manager = _manager(session, meeting.manager_id)
        self._tell(manager, f"Cancelled: {meeting.title}, {meeting.starts_at:%d.%m. %H:%M}")

    @diagnosed
    def statistics(self) -> dict[str, int]:
        """Count the bookings of the last seven days by the status that they have now."""
        with self.database.session() as session:
            query = (
                select(Meeting.status, func.count())
                .where(Meeting.created_at > _now() - timedelta(days=7))
                .group_by(Meeting.status)
            )
            return dict(session.execute(query).tuples().all())

    def _tell(self, manager: Manager, text: str) -> None:
        if manager.telegram_chat_id is not None:
            self.telegram.send_message(manager.telegram_chat_id, text)


def _manager(session: Session, manager_id: int, *, lock: bool = False) -> Manager:
    query = select(Manager).where(Manager.id == manager_id)
    if lock:
        query = query.with_for_update(of=Manager)
    manager = session.scalars(query).one_or_none()
    if manager is None:
        raise NotFoundError(f"manager {manager_id}")
    return manager


def _meeting(session: Session, meeting_id: int, *, lock: bool = False) -> Meeting:
    query = select(Meeting).where(Meeting.id == meeting_id)
    if lock:
        query = query.with_for_update()
    meeting = session.scalars(query).one_or_none()
    if meeting is None:
        raise NotFoundError(f"meeting {meeting_id}")
    return meeting


def _check_free(
    session: Session, manager_id: int, starts_at: datetime, ends_at: datetime, besides: int | None = None
) -> None:
    query = select(Meeting.id).where(
        Meeting.manager_id == manager_id,
        Meeting.starts_at < ends_at,
        Meeting.starts_at > starts_at - timedelta(hours=12),
        Meeting.ends_at > starts_at,
        Meeting.status == "scheduled",
        Meeting.id != (besides or 0),
    )
    taken_by = session.scalars(query.limit(1)).first()
    if taken_by is not None:
        raise ConflictError(f"manager {manager_id} is taken by meeting {taken_by}")


def _now() -> datetime:
    return datetime.now(UTC)
