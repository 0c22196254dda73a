"""See `RELEASES`."""

from . import Edit, Release

RELEASE = Release(
    message="Say how old an order is",
    edits=(
        Edit(
            path="views.py",
            old="from datetime import timedelta\n",
            new="from datetime import datetime, timedelta\n",
        ),
        Edit(
            path="views.py",
            old='        "placed_at": order.placed_at,\n',
            new="""\
        "placed_at": order.placed_at,
        "days": (datetime.now() - order.placed_at).days,
""",
        ),
    ),
)
