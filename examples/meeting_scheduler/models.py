"""The tables."""

from __future__ import annotations

from datetime import datetime, time

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, Integer, String, Text, Time, func, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """All tables."""


class Manager(Base):
    """Somebody whom one can meet."""

    __tablename__ = "managers"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(200), unique=True)
    telegram_chat_id: Mapped[int | None] = mapped_column(BigInteger)
    last_booked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    calendar: Mapped[Calendar] = relationship(back_populates="manager", lazy="joined", innerjoin=True)


class Calendar(Base):
    """The Google calendar of a manager, and when it may be filled."""

    __tablename__ = "calendars"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    manager_id: Mapped[int] = mapped_column(ForeignKey("managers.id", ondelete="CASCADE"), unique=True)
    google_calendar_id: Mapped[str] = mapped_column(String(200))
    day_starts_at: Mapped[time] = mapped_column(Time, server_default=text("'09:00'"))
    day_ends_at: Mapped[time] = mapped_column(Time, server_default=text("'18:00'"))
    slot_minutes: Mapped[int] = mapped_column(Integer, server_default=text("30"))

    manager: Mapped[Manager] = relationship(back_populates="calendar")


class Meeting(Base):
    """An appointment with a manager."""

    __tablename__ = "meetings"
    __table_args__ = (
        Index("ix_meetings_manager_id_starts_at", "manager_id", "starts_at"),
        Index("ix_meetings_created_at", "created_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    manager_id: Mapped[int] = mapped_column(ForeignKey("managers.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str | None] = mapped_column(Text)
    attendee_email: Mapped[str] = mapped_column(String(200))
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ends_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    status: Mapped[str] = mapped_column(String(20), server_default=text("'scheduled'"))
    google_event_id: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    manager: Mapped[Manager] = relationship()


class Reminder(Base):
    """A message to be sent before a meeting."""

    __tablename__ = "reminders"
    __table_args__ = (Index("ix_reminders_due", "remind_at", postgresql_where=text("sent_at IS NULL")),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), index=True)
    remind_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    meeting: Mapped[Meeting] = relationship()


class Attachment(Base):
    """A file that belongs to a meeting."""

    __tablename__ = "attachments"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), index=True)
    file_name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
