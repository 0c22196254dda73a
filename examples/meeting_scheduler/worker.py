"""The reminder worker: a thread that sends what is due."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from .db import Database
from .errors import ExternalServiceError
from .instruments import diagnosed
from .models import Meeting, Reminder
from .services.telegram import Telegram

logger = logging.getLogger("meeting_scheduler.worker")

_BATCH = 20


class ReminderWorker:
    """Looks for due reminders at an interval; longer when Telegram asks for it."""

    def __init__(self, database: Database, telegram: Telegram, interval_seconds: float) -> None:
        self._database = database
        self._telegram = telegram
        self._interval = interval_seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reminders", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(timeout=10)

    @diagnosed
    def send_due(self) -> int:
        """Send the reminders that are due and return how many were sent."""
        sent = 0
        for reminder_id, chat_id, text in self._due():
            if chat_id is not None:
                self._telegram.send_message(chat_id, text)
            with self._database.session() as session:
                session.get_one(Reminder, reminder_id).sent_at = datetime.now(UTC)
            sent += 1
        return sent

    def _due(self) -> list[tuple[int, int | None, str]]:
        query = (
            select(Reminder)
            .where(Reminder.sent_at.is_(None), Reminder.remind_at <= datetime.now(UTC))
            .order_by(Reminder.remind_at)
            .limit(_BATCH)
            .options(joinedload(Reminder.meeting).joinedload(Meeting.manager))
        )
        with self._database.session() as session:
            return [
                (
                    reminder.id,
                    reminder.meeting.manager.telegram_chat_id,
                    f"{reminder.meeting.title} starts at {reminder.meeting.starts_at:%H:%M}",
                )
                for reminder in session.scalars(query)
            ]

    def _run(self) -> None:
        pause = self._interval
        while not self._stopping.wait(pause):
            pause = self._interval
            try:
                sent = self.send_due()
                if sent:
                    logger.info("%d reminders sent", sent)
            except ExternalServiceError as error:
                pause = max(self._interval, error.retry_after or 5.0)
                logger.exception("Reminders not sent, next attempt in %.0fs", pause)
            except Exception:
                pause = max(self._interval, 5.0)
                logger.exception("Reminders failed, next attempt in %.0fs", pause)
