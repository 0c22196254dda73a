"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Titles may be long",
    edits=(
        Edit(
            path="routes.py",
            old="    title: str = Field(max_length=200)\n",
            new="    title: str\n",
        ),
    ),
)
