"""See `RELEASES`."""

from . import Edit, Release

RELEASE = Release(
    message="Show subtitles in capitals",
    edits=(
        Edit(
            path="views.py",
            old='        "subtitle": book.subtitle,\n',
            new='        "subtitle": book.subtitle.title(),\n',
        ),
    ),
)
