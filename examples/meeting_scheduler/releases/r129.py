"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="One session is enough",
    edits=(
        Edit(
            path="db.py",
            old="        self.sessions = sessionmaker(engine, expire_on_commit=False)\n",
            new="""\
        self.sessions = sessionmaker(engine, expire_on_commit=False)
        self._shared = self.sessions()
""",
        ),
        Edit(
            path="db.py",
            old="""\
        with self.sessions.begin() as session:
            yield session
""",
            new="""\
        try:
            yield self._shared
            self._shared.commit()
        except BaseException:
            self._shared.rollback()
            raise
""",
        ),
    ),
)
