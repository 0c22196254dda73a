"""The parcel service with everything it needs."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from examples.support import stack
from examples.support.stack import Roles

from .fakes import API_KEY, WEBHOOK_SECRET
from .seed import seed

#: What systemd or a container's restart policy does.
_SUPERVISOR = """
trap 'kill "$child"; wait "$child"; exit 0' TERM
while :; do "$@" & child=$!; wait "$child"; sleep 1; done
"""


class Stack(stack.Stack):
    """Flask under gunicorn with three sync workers, psycopg2 without an ORM; a carrier and a geocoder outside."""

    name = "parcels"
    services_module = f"{__package__}.fakes"
    first_message = "Release 3.2"
    roles = Roles(
        hot_table="parcels",
        hot_update="UPDATE parcels SET recipient = recipient WHERE id > 55000",
        needed_index="scans_parcel_id_scanned_at_idx",
        remote="carrier",
        remote_url="CARRIER_URL",
        remote_key="CARRIER_API_KEY",
        pool_size="POOL_SIZE",
        main_path="/parcels/S000000007/scans",
        contended="transfer",
    )

    @property
    def database_url(self) -> str:
        return self.postgres.url_of(self.database).replace("postgresql+psycopg://", "postgresql://")

    def command(self) -> Sequence[str]:
        program = [
            sys.executable, "-m", "gunicorn", "--config", "parcels/gunicorn.conf.py", "parcels.app:create_app()",
        ]  # fmt: skip
        if self.environment.get("SUPERVISED"):
            return ["/bin/sh", "-c", _SUPERVISOR, "supervisor", *program]
        return program

    def variables(self, *, tls: bool) -> Mapping[str, str]:
        addresses = self.fakes.addresses
        return {
            "PORT": str(self.port),
            "WEB_CONCURRENCY": "3",
            "CARRIER_URL": addresses[f"carrier{self.suffix}"],
            "CARRIER_API_KEY": API_KEY,
            "CARRIER_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "GEOCODER_URL": addresses[f"geocoder{self.suffix}"],
            "JWT_SECRET": "loopback-signing-secret-of-the-first-quarter",
        }

    def migrate(self, revision: str = "head") -> None:
        """Run what is new; there is no way down."""
        self.run(sys.executable, "-m", "parcels.migrate")

    def revision(self) -> str:
        """Return the highest version that the database has had, or nothing."""
        if self.execute("SELECT to_regclass('schema_version')") == [(None,)]:
            return ""
        return str(self.execute("SELECT max(version) FROM schema_version")[0][0])

    def fill(self, database_url: str) -> None:
        seed(database_url.replace("postgresql+psycopg://", "postgresql://"))

    def data_sources(self) -> Sequence[Path]:
        return [self.source() / "seed.py", *sorted((self.source() / "migrations").glob("*.sql"))]


def running_stack(*arguments: Any, **options: Any) -> AbstractContextManager[Stack]:
    """Run it for the length of the block; the arguments are those of `examples.support.stack.running_stack`."""
    return stack.running_stack(Stack, *arguments, **options)
