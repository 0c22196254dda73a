"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Read single meetings asynchronously",
    edits=(
        Edit(
            path="routes.py",
            old="from pydantic import",
            new="""\
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from pydantic import""",
        ),
        Edit(
            path="routes.py",
            old="""\
def get_meeting(request: Request, meeting_id: Id) -> dict[str, Any]:
    meeting = _meetings(request).meeting(meeting_id)
    return {**_meeting_body(meeting), "manager": meeting.manager.name}
""",
            new="""\
async def get_meeting(request: Request, meeting_id: Id) -> dict[str, Any]:
    state = request.app.state
    if not hasattr(state, "async_engine"):
        state.async_engine = create_async_engine(state.settings.database_url, pool_size=3)
    async with AsyncSession(state.async_engine) as session:
        meeting = await session.get(Meeting, meeting_id)
        if meeting is None:
            raise NotFoundError(f"meeting {meeting_id}")
        return {**_meeting_body(meeting), "manager": meeting.manager.name}
""",
        ),
        Edit(
            path="routes.py",
            old="from .models import Manager, Meeting\n",
            new="""\
from .errors import NotFoundError
from .models import Manager, Meeting
""",
        ),
    ),
)
