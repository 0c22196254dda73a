"""What is changed and how it is looked at: files, a SQLite file and a PostgreSQL database, judged by other means than the product's."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import stat
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from examples.support.postgres import Postgres

Tick = Callable[[str], None]
_MOMENT = 10**18
_TEMPLATE, _DATABASE = "torture_template", "torture"
_SCHEMA = """
CREATE TABLE managers (id serial PRIMARY KEY, name varchar(80) NOT NULL, note text);
CREATE TABLE meetings (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, manager_id int REFERENCES managers(id) ON DELETE CASCADE,
  at timestamptz, price numeric(10,2), doc jsonb);
CREATE INDEX meetings_at ON meetings (at);
CREATE VIEW upcoming AS SELECT m.id, g.name FROM meetings m JOIN managers g ON g.id = m.manager_id;
CREATE SEQUENCE numbers START 100;
SELECT nextval('numbers');
INSERT INTO managers (name) SELECT 'm' || i FROM generate_series(1, 20) i;
INSERT INTO meetings (manager_id, at, price, doc) SELECT 1 + i % 20, '2026-01-01'::timestamptz + i * interval '1 hour', i / 3.0,
  jsonb_build_object('i', i) FROM generate_series(1, 300) i;
GRANT SELECT ON managers TO PUBLIC;
"""
_CHANGE = (
    "DROP VIEW upcoming",
    "ALTER TABLE managers ADD COLUMN extra int DEFAULT 5",
    "UPDATE managers SET name = upper(name)",
    "DELETE FROM meetings WHERE id % 3 = 0",
    "CREATE TABLE brand_new (id int PRIMARY KEY REFERENCES managers(id))",
    "CREATE INDEX CONCURRENTLY meetings_price ON meetings (price)",
    "SELECT setval('numbers', 500)",
)


def tree(root: Path) -> dict[str, Any]:
    """Everything about a tree that a restore has to bring back; the root's parent is looked through for leavings."""
    found: dict[str, Any] = {}
    for path in [root, *sorted(root.rglob("*"))]:
        seen = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(seen.st_mode) else os.readlink(path) if path.is_symlink() else b""
        names = os.listxattr(path, follow_symlinks=False)
        attributes = {name: os.getxattr(path, name, follow_symlinks=False) for name in names}
        facts = (seen.st_mode, seen.st_uid, seen.st_gid, seen.st_mtime_ns, content, attributes)
        found[str(path.relative_to(root))] = facts
    found["leavings"] = sorted(item.name for item in root.parent.iterdir() if item.name.startswith("."))
    return found


def plant(root: Path) -> None:
    """Make the old state; the same one every time."""
    if root.exists():
        shutil.rmtree(root)
    root.mkdir(parents=True)
    (root / "settings.ini").write_text("[pool]\nsize = 5\n")
    (root / "settings.ini").chmod(0o640)
    (root / ".env").write_text("DB_PASSWORD=tr0ub4dor&3\n")
    (root / ".env").chmod(0o600)
    (root / "tool").write_bytes(b"#!/bin/sh\n")
    (root / "tool").chmod(0o4755)
    (root / "empty").mkdir(mode=0o750)
    (root / "nested").mkdir()
    (root / "nested" / "data.bin").write_bytes(hashlib.shake_256(b"data").digest(3000))
    (root / "twin").hardlink_to(root / "tool")
    (root / "link").symlink_to("settings.ini")
    os.setxattr(root / "nested" / "data.bin", "user.origin", b"lab")
    if os.geteuid() == 0:
        os.chown(root / "settings.ini", 1234, 4321)
    with closing(sqlite3.connect(root.parent / "app.db")) as connection:
        connection.executescript(
            "DROP TABLE IF EXISTS t; DROP TABLE IF EXISTS u; PRAGMA user_version = 7; CREATE TABLE t (x);"
            "INSERT INTO t VALUES (1), ('two'), (NULL);"
        )
    _date(root, _MOMENT)


def spoil(root: Path, tick: Tick) -> None:
    """Make the new state out of the old one, in small steps."""
    os.environ["LAB_TORTURE"] = "after"
    (root / "settings.ini").write_text("[pool]\nsize = 50\n")
    tick("change: wrote a file")
    (root / ".env").unlink()
    (root / "tool").chmod(0o600)
    (root / "empty").rmdir()
    tick("change: removed things")
    (root / "empty").write_text("now a file")
    (root / "nested" / "data.bin").unlink()
    (root / "nested").rmdir()
    (root / "nested").symlink_to("/nowhere")
    (root / "link").unlink()
    (root / "link").mkdir()
    (root / "link" / "inside").write_text("deep")
    tick("change: changed types")
    (root / "new").mkdir()
    (root / "new" / "file").write_text("fresh")
    os.setxattr(root / "tool", "user.added", b"x")
    _date(root, 2 * _MOMENT)


def _date(root: Path, moment: int) -> None:
    for number, path in enumerate(sorted(root.rglob("*"), reverse=True)):
        if path.name != "twin":
            os.utime(path, ns=(moment, moment + number * 1_000_000_007), follow_symlinks=False)
    os.utime(root, ns=(moment, moment + 77))


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Files, and one kind of database or none, with a store beside them."""

    folder: Path
    postgres: Postgres | None = None
    sqlite: bool = False

    @property
    def root(self) -> Path:
        return self.folder / "app"

    @property
    def store(self) -> Path:
        return self.folder / "store"

    @property
    def engine(self) -> str | None:
        if self.sqlite:
            return f"sqlite:///{self.folder / 'app.db'}"
        return self.postgres.url_of(_DATABASE, superuser=True) if self.postgres is not None else None

    def reset_database(self) -> None:
        """Make the database of the old state out of its template, in a moment."""
        if self.postgres is None:
            return
        names = {name for (name,) in self.postgres.execute("SELECT datname FROM pg_database", "postgres")}
        if _TEMPLATE not in names:
            self.postgres.create_database(_TEMPLATE)
            with self.postgres.connect(_TEMPLATE) as connection:
                connection.execute(_SCHEMA.encode())
        self.postgres.drop_database(_DATABASE)
        with self.postgres.connect("postgres") as connection:
            connection.execute(f"CREATE DATABASE {_DATABASE} TEMPLATE {_TEMPLATE} STRATEGY FILE_COPY".encode())

    def reset_files(self) -> None:
        """Make the files of the old state and an empty store."""
        shutil.rmtree(self.store, ignore_errors=True)
        plant(self.root)

    def change(self, tick: Tick) -> None:
        """Do what the change does."""
        spoil(self.root, tick)
        if self.sqlite:
            with closing(sqlite3.connect(self.folder / "app.db", isolation_level=None)) as connection:
                for sql in ("DELETE FROM t WHERE x = 1", "CREATE TABLE u (y)", "PRAGMA user_version = 8"):
                    connection.execute(sql)
                    tick(f"change: {sql}")
        if self.postgres is not None:
            url = self.postgres.url_of(_DATABASE, superuser=True).replace("+psycopg", "")
            with psycopg.connect(url, autocommit=True) as connection:
                for sql in _CHANGE:
                    connection.execute(sql.encode())
                    tick(f"change: {sql[:30]}")

    def look(self) -> dict[str, Any]:
        """Return all that counts, read by other means than the product's own."""
        seen = tree(self.root)
        if self.sqlite:
            with closing(sqlite3.connect(self.folder / "app.db")) as connection:
                seen["sqlite"] = [*connection.iterdump(), connection.execute("PRAGMA user_version").fetchone()]
        if self.postgres is not None:
            seen["postgresql"] = self._dumped()
            seen["scratch databases"] = self.postgres.execute(
                "SELECT datname FROM pg_database WHERE datname LIKE 'diag%'", "postgres"
            )
            seen["invalid indexes"] = self.postgres.execute(
                "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid", _DATABASE
            )
        return seen

    def _dumped(self) -> str:
        assert self.postgres is not None
        url = self.postgres.url_of(_DATABASE, superuser=True).replace("+psycopg", "")
        done = subprocess.run(
            [str(self.postgres._binaries / "pg_dump"), "--no-password", url], capture_output=True, text=True, check=True
        )
        lines = [line for line in done.stdout.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]
        return hashlib.blake2b("\n".join(sorted(lines)).encode()).hexdigest()
