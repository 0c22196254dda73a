"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Say since when a manager is with us",
    edits=(
        Edit(
            path="routes.py",
            old='        "last_booked_at": manager.last_booked_at,\n',
            new="""\
        "last_booked_at": manager.last_booked_at,
        "created_at": manager.created_at,
""",
        ),
    ),
)
