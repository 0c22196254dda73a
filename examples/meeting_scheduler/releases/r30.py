"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Count who is looked up without making anybody wait",
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
    asyncio.create_task(_tell_viewed(request, manager))
    calendar: GoogleCalendar = request.app.state.calendar
""",
        ),
        Edit(
            path="routes.py",
            old="""\
@router.get("/health")
""",
            new='''\
async def _tell_viewed(request: Request, manager: Manager) -> None:
    """Tell the manager that somebody looks."""
    text = f"{manager.name}, somebody looks at your day in {manager.timezone}"
    await run_in_threadpool(_meetings(request).telegram.send_message, manager.telegram_chat_id, text)


@router.get("/health")
''',
        ),
    ),
)
