"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Note who looked at which list with a program of ours",
    edits=(
        Edit(
            path="routes.py",
            old="""\
from datetime import UTC, date, datetime, timedelta
""",
            new="""\
import os
from datetime import UTC, date, datetime, timedelta
""",
        ),
        Edit(
            path="routes.py",
            old="""\
    meetings = _meetings(request).of_manager(manager_id, limit)
""",
            new="""\
    seen = request.app.state.settings.upload_dir / f"seen-{manager_id}"
    os.spawnlp(os.P_NOWAIT, "touch", "touch", str(seen))
    meetings = _meetings(request).of_manager(manager_id, limit)
""",
        ),
    ),
)
