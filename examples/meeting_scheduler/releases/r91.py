"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Managers can be added; one session for all that concerns managers",
    edits=(
        Edit(
            path="services/meetings.py",
            old='''\
    def manager(self, manager_id: int) -> Manager:
        """Return one manager with the calendar."""
        with self.database.session() as session:
            return _manager(session, manager_id)
''',
            new='''\
    def manager(self, manager_id: int) -> Manager:
        """Return one manager with the calendar."""
        with _one_at_a_time:
            session = _shared_session(self.database)
            manager = _manager(session, manager_id)
            session.commit()
            return manager

    def add_manager(self, name: str, email: str) -> int:
        """Add a manager who has an account already or not."""
        with _one_at_a_time:
            session = _shared_session(self.database)
            manager = Manager(name=name, email=email, calendar=Calendar(google_calendar_id=email))
            session.add(manager)
            try:
                session.flush()
            except IntegrityError as error:
                raise ConflictError(f"{email} is taken") from error
            session.commit()
            return manager.id
''',
        ),
        Edit(
            path="services/meetings.py",
            old="REMIND_BEFORE = timedelta(minutes=15)\n",
            new="""\
REMIND_BEFORE = timedelta(minutes=15)

_one_at_a_time = threading.Lock()
_kept: list[Session] = []


def _shared_session(database: Database) -> Session:
    if not _kept:
        _kept.append(database.sessions())
    return _kept[0]
""",
        ),
        Edit(
            path="services/meetings.py",
            old="from collections.abc import Sequence\n",
            new="""\
import threading
from collections.abc import Sequence
""",
        ),
        Edit(
            path="services/meetings.py",
            old="from sqlalchemy.orm import Session, joinedload\n",
            new="""\
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload
""",
        ),
        Edit(
            path="services/meetings.py",
            old="from ..models import Manager, Meeting, Reminder\n",
            new="from ..models import Calendar, Manager, Meeting, Reminder\n",
        ),
        Edit(
            path="routes.py",
            old='@router.get("/managers/{manager_id}")\n',
            new='''\
class NewManager(BaseModel):
    """Who is new."""

    name: str = Field(max_length=120)
    email: str = Field(max_length=200)


@router.post("/managers", status_code=201)
def add_manager(request: Request, body: NewManager) -> dict[str, int]:
    return {"id": _meetings(request).add_manager(body.name, body.email)}


@router.get("/managers/{manager_id}")
''',
        ),
    ),
)
