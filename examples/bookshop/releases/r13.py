"""See `RELEASES`."""

from . import Edit, Release

RELEASE = Release(
    message="Sign webhooks",
    edits=(
        Edit(
            path="settings.py",
            old='SENDER = "orders@bookshop.example"\n',
            new="""\
WEBHOOK_SECRET = os.environ["WEBHOOK_SECRET"]
SENDER = "orders@bookshop.example"
""",
        ),
    ),
)
