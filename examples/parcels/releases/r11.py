"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Draw labels ourselves",
    edits=(
        Edit(
            path="settings.py",
            old="""\
        for name in ("database_url", "jwt_secret"):
""",
            new="""\
        for name in ("database_url", "jwt_secret", "label_printer_url"):
""",
        ),
        Edit(
            path="settings.py",
            old="""\
    database_url: str
""",
            new="""\
    database_url: str
    label_printer_url: str
""",
        ),
    ),
)
