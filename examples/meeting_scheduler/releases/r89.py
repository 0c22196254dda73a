"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Show the short id of the event",
    edits=(
        Edit(
            path="routes.py",
            old='        "status": meeting.status,\n',
            new="""\
        "status": meeting.status,
        "event": meeting.google_event_id.upper()[:8],
""",
        ),
    ),
)
