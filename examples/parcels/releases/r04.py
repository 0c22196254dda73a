"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Trim the instructions for the driver",
    edits=(
        Edit(
            path="views.py",
            old="""\
        "instructions": parcel["instructions"],
""",
            new="""\
        "instructions": parcel["instructions"].strip(),
""",
        ),
    ),
)
