"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="A report of who meets whom too often",
    edits=(
        Edit(
            path="report.py",
            old="",
            new='''\
"""The report that runs every few seconds: `python -m meeting_scheduler.report`."""

from __future__ import annotations

import os

from sqlalchemy import create_engine, text

_QUERY = """
SELECT count(*) FROM meetings AS one JOIN meetings AS other
ON one.manager_id = other.manager_id AND one.attendee_email <> other.attendee_email AND one.starts_at < other.starts_at
"""


def main() -> None:
    """Count the pairs of meetings."""
    engine = create_engine(os.environ["DATABASE_URL"], connect_args={"application_name": "report"})
    with engine.connect() as connection:
        print(connection.scalar(text(_QUERY)))


if __name__ == "__main__":
    main()
''',
        ),
    ),
)
