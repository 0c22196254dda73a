"""The database: one engine, short sessions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session, sessionmaker

from .settings import Settings


class Database:
    """The engine and its sessions."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.sessions = sessionmaker(engine, expire_on_commit=False)

    @classmethod
    def connect(cls, settings: Settings) -> Database:
        """Create the engine; connections are made when first needed."""
        connect_args: dict[str, object] = {"application_name": "meeting-scheduler", "connect_timeout": 5}
        if settings.statement_timeout:
            connect_args["options"] = f"-c statement_timeout={round(settings.statement_timeout * 1000)}"
        return cls(
            create_engine(
                settings.database_url,
                pool_size=settings.pool_size,
                max_overflow=settings.max_overflow,
                pool_timeout=settings.pool_timeout,
                pool_pre_ping=settings.pool_pre_ping,
                connect_args=connect_args,
            )
        )

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A transaction: committed at the end of the block, rolled back when it raises."""
        with self.sessions.begin() as session:
            yield session

    def close(self) -> None:
        self.engine.dispose()
