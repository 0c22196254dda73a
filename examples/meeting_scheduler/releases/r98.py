"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Managers can be added",
    edits=(
        Edit(
            path="services/meetings.py",
            old="""\
    @diagnosed
    def of_manager(""",
            new='''\
    def add_manager(self, name: str, email: str) -> int:
        """Add a manager with a calendar."""
        with self.database.session() as session:
            manager = Manager(name=name, email=email, calendar=Calendar(google_calendar_id=email))
            session.add(manager)
            session.flush()
            return manager.id

    @diagnosed
    def of_manager(''',
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
