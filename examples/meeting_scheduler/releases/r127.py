"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Tell at once when somebody else changes a meeting",
    edits=(
        Edit(
            path="services/meetings.py",
            old="""\
    query = select(Meeting).where(Meeting.id == meeting_id)
    if lock:
        query = query.with_for_update()
""",
            new="""\
    query = select(Meeting).where(Meeting.id == meeting_id)
    if lock:
        query = query.with_for_update(nowait=True)
""",
        ),
    ),
)
