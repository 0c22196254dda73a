"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Show new events at once: Google needs a moment until free/busy knows them",
    edits=(
        Edit(
            path="routes.py",
            old="from datetime import UTC, date, datetime, timedelta\n",
            new="import time\nfrom datetime import UTC, date, datetime, timedelta\n",
        ),
        Edit(
            path="routes.py",
            old="    now = datetime.now(UTC)\n    busy = await",
            new="    now = datetime.now(UTC)\n    time.sleep(0.5)\n    busy = await",
        ),
    ),
)
