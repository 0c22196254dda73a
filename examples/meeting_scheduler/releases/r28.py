"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Ask for everybody's free time before somebody does",
    edits=(
        Edit(
            path="routes.py",
            old="""\
from datetime import UTC, date, datetime, timedelta
""",
            new="""\
import asyncio
from datetime import UTC, date, datetime, timedelta
""",
        ),
        Edit(
            path="routes.py",
            old="""\
    calendar: GoogleCalendar = request.app.state.calendar
""",
            new="""\
    calendar: GoogleCalendar = request.app.state.calendar
    for other in range(1200):
        task = asyncio.create_task(_prepare(other, hours))
        _preparing.add(task)
        task.add_done_callback(_preparing.discard)
""",
        ),
        Edit(
            path="routes.py",
            old="""\
@router.get("/health")
""",
            new='''\
_preparing: set["asyncio.Task[int]"] = set()


async def _prepare(manager_id: int, hours: int) -> int:
    """Count the quarters of an hour that lie ahead, letting others in between."""
    ahead = 0
    for quarter in range(10 * hours):
        ahead += (manager_id + quarter) % 3 != 0
        await asyncio.sleep(0)
    return ahead


@router.get("/health")
''',
        ),
    ),
)
