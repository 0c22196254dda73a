"""Fill an empty database with managers and years of their meetings."""

from __future__ import annotations

import os
import sys

from sqlalchemy import create_engine, text

MANAGERS = 200
MEETINGS = 400_000
UPCOMING = 10_000  # the last ids, fifty for each manager, two days apart and never overlapping

_STATEMENTS = (
    """
    INSERT INTO managers (name, email, telegram_chat_id)
    SELECT 'Manager ' || n, 'manager' || n || '@example.com', 100000 + n FROM generate_series(1, :managers) n
    """,
    """
    INSERT INTO calendars (manager_id, google_calendar_id)
    SELECT id, email FROM managers
    """,
    """
    INSERT INTO meetings (manager_id, title, description, attendee_email, starts_at, ends_at,
                          status, google_event_id, created_at)
    SELECT 1 + n % :managers,
           'Meeting ' || n,
           CASE WHEN n % 3 = 0 THEN NULL ELSE repeat('agenda and notes of the last time; ', 4) END,
           'guest' || n % 5000 || '@example.org',
           at, at + interval '30 minutes',
           CASE WHEN n % 11 = 0 THEN 'cancelled' WHEN n <= :past THEN 'done' ELSE 'scheduled' END,
           'seed' || n,
           at - interval '100 days'
    FROM (
        SELECT n, date_trunc('hour', now()) + CASE
            WHEN n <= :past THEN - interval '1 hour' * (1 + (n / :managers) * 12)
            ELSE interval '1 day' + interval '49 hours' * ((n - :past - 1) / :managers) END AS at
        FROM generate_series(1, :meetings) n
    ) AS planned
    """,
    """
    INSERT INTO reminders (meeting_id, remind_at, sent_at)
    SELECT id, starts_at - interval '15 minutes', CASE WHEN starts_at < now() THEN starts_at END
    FROM meetings WHERE starts_at > now() - interval '30 days' AND status <> 'cancelled'
    """,
)


def seed(url: str, meetings: int = MEETINGS) -> None:
    """Fill the database and let the planner know."""
    numbers = {"managers": MANAGERS, "meetings": meetings, "past": meetings - UPCOMING}
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in _STATEMENTS:
            wanted = {name: value for name, value in numbers.items() if f":{name}" in statement}
            connection.execute(text(statement), wanted)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()


if __name__ == "__main__":
    seed(os.environ["DATABASE_URL"], *map(int, sys.argv[1:2]))
