"""The meeting scheduler with everything it needs."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from examples.support import stack
from examples.support.stack import Roles

from .seed import seed


class Stack(stack.Stack):
    """FastAPI under uvicorn, SQLAlchemy, Alembic; Google Calendar and Telegram outside."""

    name = "meeting_scheduler"
    services_module = f"{__package__}.fakes"
    roles = Roles(
        hot_table="meetings",
        hot_update="UPDATE meetings SET title = title WHERE starts_at > now()",
        needed_index="ix_meetings_manager_id_starts_at",
        remote="calendar",
        remote_url="CALENDAR_URL",
        remote_key="CALENDAR_REFRESH_TOKEN",
        pool_size="POOL_SIZE",
        main_path="/managers/7/meetings",
        contended="swap_meetings",
    )

    def command(self) -> Sequence[str]:
        return [sys.executable, "-m", "meeting_scheduler.serve", "--port", str(self.port)]

    def variables(self, *, tls: bool) -> Mapping[str, str]:
        addresses = self.fakes.addresses
        return {
            "CALENDAR_URL": addresses[f"calendar{self.suffix}"],
            "CALENDAR_TOKEN_URL": addresses[f"token{self.suffix}"],
            "CALENDAR_CLIENT_ID": "meeting-scheduler.apps.example.com",
            "CALENDAR_CLIENT_SECRET": "GOCSPX-loopback-secret",
            "CALENDAR_REFRESH_TOKEN": "1//loopback-refresh-token",
            "TELEGRAM_URL": addresses[f"telegram{self.suffix}"],
            "TELEGRAM_TOKEN": "7000000001:loopback-bot-token",
        }

    def arrange_source(self) -> None:
        settings = (self.package / "alembic.ini").read_text()
        settings = settings.replace("%(here)s/migrations", "%(here)s/meeting_scheduler/migrations")
        (self.repository / "alembic.ini").write_text(settings.replace("%(here)s/..", "%(here)s"))
        (self.package / "alembic.ini").unlink()

    def migrate(self, revision: str = "head") -> None:
        """Bring the database to a revision; a name below the present one, or -1, goes down."""
        down = revision.startswith("-") or (revision not in ("head", "heads") and revision < self.revision())
        self.run(sys.executable, "-m", "alembic", "downgrade" if down else "upgrade", revision)

    def revision(self) -> str:
        """Return the database's revision, or nothing."""
        if self.execute("SELECT to_regclass('alembic_version')") == [(None,)]:
            return ""
        rows = self.execute("SELECT version_num FROM alembic_version")
        return str(rows[0][0]) if rows else ""

    def fill(self, database_url: str) -> None:
        seed(database_url)

    def data_sources(self) -> Sequence[Path]:
        return [self.source() / "seed.py", *sorted((self.source() / "migrations" / "versions").glob("*.py"))]


def running_stack(*arguments: Any, **options: Any) -> AbstractContextManager[Stack]:
    """Run it for the length of the block; the arguments are those of `examples.support.stack.running_stack`."""
    return stack.running_stack(Stack, *arguments, **options)
