"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Prepare reports that do not hold a thread",
    edits=(
        Edit(
            path="db.py",
            old="from sqlalchemy.orm import Session, sessionmaker\n",
            new="""\
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import Session, sessionmaker
""",
        ),
        Edit(
            path="db.py",
            old="""\
    def __init__(self, engine: Engine) -> None:
        self.engine = engine
""",
            new="""\
    def __init__(self, engine: Engine, reports: AsyncEngine) -> None:
        self.engine = engine
        self.reports = reports
""",
        ),
        Edit(
            path="db.py",
            old="""\
                connect_args=connect_args,
            )
        )
""",
            new="""\
                connect_args=connect_args,
            ),
            create_async_engine(settings.database_url, pool_size=1),
        )
""",
        ),
    ),
)
