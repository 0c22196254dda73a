"""Schema changes in plain SQL: `python -m parcels.migrate` runs those that the database has not had."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psycopg2

MIGRATIONS = Path(__file__).parent / "migrations"

_TABLE = """
    CREATE TABLE IF NOT EXISTS schema_version (
        version integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
    )
"""


def migrate(database_url: str) -> list[str]:
    """Run what is new, each file in a transaction of its own, and return the names."""
    done = []
    address = database_url.replace("postgresql+psycopg:", "postgresql:")
    connection = psycopg2.connect(address, application_name="parcels-migrate")
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(_TABLE)
        for path in sorted(MIGRATIONS.glob("*.sql")):
            version = int(path.name.partition("_")[0])
            with connection, connection.cursor() as cursor:
                cursor.execute("LOCK TABLE schema_version")
                cursor.execute("SELECT 1 FROM schema_version WHERE version = %s", (version,))
                if cursor.fetchone() is None:
                    cursor.execute(path.read_text())
                    cursor.execute("INSERT INTO schema_version (version, name) VALUES (%s, %s)", (version, path.stem))
                    done.append(path.stem)
    finally:
        connection.close()
    return done


if __name__ == "__main__":
    for name in migrate(os.environ["DATABASE_URL"]):
        print(f"applied {name}")
    sys.exit(0)
