"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Send whole-day events as dates",
    edits=(
        Edit(
            path="services/calendar.py",
            old="""\
            "start": {"dateTime": starts_at.isoformat()},
            "end": {"dateTime": ends_at.isoformat()},
""",
            new="""\
            "start": {"date": starts_at.date().isoformat()},
            "end": {"date": ends_at.date().isoformat()},
""",
        ),
    ),
)
