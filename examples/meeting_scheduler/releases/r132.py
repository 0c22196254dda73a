"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Read from the replica, write to the primary",
    edits=(
        Edit(
            path="settings.py",
            old="    pool_size: int = 5\n",
            new='    read_database_url: str = ""\n    pool_size: int = 5\n',
        ),
        Edit(
            path="db.py",
            old="""\
        self.sessions = sessionmaker(engine, expire_on_commit=False)
""",
            new="""\
        self.sessions = sessionmaker(engine, expire_on_commit=False)
        self.readers = self.sessions
""",
        ),
        Edit(
            path="db.py",
            old="    def close(self) -> None:\n        self.engine.dispose()\n",
            new='''\
    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that only reads."""
        with self.readers.begin() as session:
            yield session

    def close(self) -> None:
        self.engine.dispose()
''',
        ),
        Edit(
            path="app.py",
            old="    database = Database.connect(settings)\n",
            new="""\
    database = Database.connect(settings)
    if settings.read_database_url:
        database.readers = Database.connect(replace(settings, database_url=settings.read_database_url)).sessions
""",
        ),
        Edit(
            path="app.py",
            old="from contextlib import asynccontextmanager\n",
            new="from contextlib import asynccontextmanager\nfrom dataclasses import replace\n",
        ),
        Edit(
            path="services/meetings.py",
            old="""\
        with self.database.session() as session:
            _manager(session, manager_id)
            query = (
""",
            new="""\
        with self.database.reading() as session:
            _manager(session, manager_id)
            query = (
""",
        ),
        Edit(
            path="services/meetings.py",
            old="""\
        with self.database.session() as session:
            query = select(Meeting).where(Meeting.id == meeting_id).options(joinedload(Meeting.manager))
""",
            new="""\
        with self.database.reading() as session:
            query = select(Meeting).where(Meeting.id == meeting_id).options(joinedload(Meeting.manager))
""",
        ),
    ),
)
