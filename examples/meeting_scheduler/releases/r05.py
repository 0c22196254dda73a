"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Trim descriptions in answers",
    edits=(
        Edit(
            path="routes.py",
            old='        "description": meeting.description,\n',
            new='        "description": meeting.description.strip(),\n',
        ),
    ),
)
