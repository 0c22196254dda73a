"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Leave out of the lists what has begun",
    edits=(
        Edit(
            path="services/meetings.py",
            old="""\
                .limit(limit)
            )
            return session.scalars(query).all()

    @diagnosed
    def meeting(""",
            new="""\
                .limit(limit)
            )
            return [meeting for meeting in session.scalars(query) if meeting.starts_at > datetime.now()]

    @diagnosed
    def meeting(""",
        ),
    ),
)
