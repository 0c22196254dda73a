"""A whole service with everything it needs, as real processes: to be tried, tested and made sick.

An example is a subclass of `Stack` that says what is its own; `running_stack` runs it.
"""

from __future__ import annotations

import hashlib
import inspect
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from .postgres import Postgres, Setting, running_postgres
from .processes import Child, free_port
from .releases import apply, load_release

ROOT = Path(__file__).resolve().parents[2]

# What belongs to the laboratory and not to the service.
_TOOLS = ("__pycache__", "fakes.py", "load.py", "releases", "stack.py")
_TEMPLATE = "prepared"
_DAYS_AGO = 3 * 86_400  # the first release is old news

_numbers = itertools.count(1)
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class FakesControl:
    """The loopback services from outside: where they are, and how to make them misbehave."""

    def __init__(self, addresses: Mapping[str, str], process: Child) -> None:
        self.addresses = dict(addresses)
        self.process = process

    @property
    def names(self) -> list[str]:
        """The services, each of which has an address, and another with `_tls`."""
        return [name for name in self.addresses if f"{name}_tls" in self.addresses]

    def set(self, service: str | None = None, **change: Any) -> dict[str, Any]:
        """Change how one service, or each, behaves; the fields are those of `fakes.Behaviour`."""
        return self._post({"service": service, **change})

    def normal(self, service: str | None = None) -> dict[str, Any]:
        """Let one service, or all of them, behave again."""
        return self._post({"service": service, "normal": True})

    def state(self) -> dict[str, Any]:
        """Return how each service behaves and how often it was called, by operation and status."""
        with _direct.open(self.addresses["control"], timeout=5) as answer:
            return json.load(answer)

    def _post(self, body: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(self.addresses["control"], json.dumps(body).encode(), method="POST")
        try:
            with _direct.open(request, timeout=5) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise ValueError(json.load(error)["error"]) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """What plays which part in a service, so that one fault can be done to any of them.

    Attributes:
        hot_table: Most requests read it, many write it.
        hot_update: A statement that changes rows which requests want to change too.
        needed_index: Without it the most frequent lookup reads the whole hot table.
        remote: The external service (name among the fakes) that a frequent request waits for.
        remote_url: The variable with its address.
        remote_key: The variable with its credentials.
        pool_size: The variable with the number of pooled connections.
        main_path: A path that reads the database.
        contended: The operation of the load that changes two of a few rows at a time.
    """

    hot_table: str
    hot_update: str
    needed_index: str
    remote: str
    remote_url: str
    remote_key: str
    pool_size: str
    main_path: str
    contended: str


class Stack:
    """A running service; made by `running_stack`."""

    name: ClassVar[str]
    roles: ClassVar[Roles]
    #: Module with the external services' `responders`.
    services_module: ClassVar[str]
    health_path: ClassVar[str] = "/health"
    first_message: ClassVar[str] = "Release 1"

    # What an example says

    def command(self) -> Sequence[str]:
        """Return the command that serves."""
        raise NotImplementedError

    def variables(self, *, tls: bool) -> Mapping[str, str]:
        """Return the service's own environment."""
        raise NotImplementedError

    def arrange_source(self) -> None:
        """Bring the copied source into the shape of a repository of its own."""

    def migrate(self, revision: str = "head") -> None:
        """Bring the database to a revision."""
        raise NotImplementedError

    def fill(self, database_url: str) -> None:
        """Write the first data into a migrated database."""
        raise NotImplementedError

    def data_sources(self) -> Sequence[Path]:
        """Return the files that decide what a prepared database holds."""
        return [self.source() / "seed.py", *sorted((self.source() / "migrations").rglob("*.py"))]

    @property
    def pids(self) -> list[int]:
        """The processes that somebody would name to be looked at."""
        return [self.app_pid]

    @property
    def log_files(self) -> list[Path]:
        """The logs that somebody would name."""
        spoken = self.output_file.exists() and self.output_file.stat().st_size > 0
        return [self.log_file, *([self.output_file] if spoken else [])]

    @property
    def service_addresses(self) -> list[str]:
        """The external services that somebody would name."""
        return [self.fakes.addresses[f"{name}{self.suffix}"] for name in self.fakes.names if name != "token"]

    # Where everything is

    @classmethod
    def source(cls) -> Path:
        """Return the folder of the example."""
        return Path(inspect.getfile(cls)).resolve().parent

    def __init__(self, workdir: Path, postgres: Postgres, database: str, fakes: FakesControl, *, tls: bool) -> None:
        self.workdir = workdir
        self.postgres = postgres
        self.database = database
        self.fakes = fakes
        self.repository = workdir / "repository"
        self.package = self.repository / self.name
        self.suffix = "_tls" if tls else ""
        self.log_file = workdir / "log" / "app.log"
        self.output_file = workdir / "log" / "app.out"
        self.diagnostics_file = workdir / "log" / "diagnostics.jsonl"  # where the stack is instrumented
        self.upload_dir = workdir / "uploads"
        self.port = free_port()
        self.environment = self._first_environment(tls=tls)
        self._app: Child | None = None

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def database_url(self) -> str:
        return self.postgres.url_of(self.database)

    @property
    def superuser_url(self) -> str:
        return self.postgres.url_of(self.database, superuser=True)

    @property
    def app_pid(self) -> int:
        """The service's process, also when it has ended.

        Raises:
            RuntimeError: It was never started.
        """
        if self._app is None:
            raise RuntimeError("the service was not started")
        return self._app.pid

    @property
    def app_running(self) -> bool:
        return self._app is not None and self._app.running

    def execute(self, statement: str, *, superuser: bool = True) -> list[tuple]:
        """Run one statement in the service's database, outside of a transaction."""
        return self.postgres.execute(statement, self.database, superuser=superuser)

    # The service's life

    def start_app(self, *, wait: bool = True, timeout_seconds: float = 20.0) -> None:
        """Start the service and wait until it answers; without `wait`, it may also fail."""
        self._app = Child(
            self.command(),
            environment=self.environment,
            directory=self.repository,
            output=self.output_file,
        )
        if wait:
            self.wait_until_healthy(timeout_seconds)

    def stop_app(self) -> None:
        if self._app is not None:
            self._app.stop()

    def close(self) -> None:
        """Stop everything that belongs to the service alone."""
        self.stop_app()

    def kill_app(self) -> None:
        """End the service as the kernel would."""
        if self._app is not None:
            self._app.kill()

    def restart_app(
        self, env: Mapping[str, str | None] | None = None, release: str | None = None, *, wait: bool = True
    ) -> None:
        """Restart the service, with changed variables (None removes one) and another release if given."""
        self.stop_app()
        for name, value in (env or {}).items():
            if value is None:
                self.environment.pop(name, None)
            else:
                self.environment[name] = value
        if release is not None:
            self.commit_release(release)
        self.start_app(wait=wait)

    def wait_until_healthy(self, timeout_seconds: float = 20.0) -> None:
        """Wait for an answer of /health.

        Raises:
            RuntimeError: It ended, or did not answer in time; the end of its output is in the message.
        """
        deadline = time.monotonic() + timeout_seconds
        while not self._is_healthy():
            if not self.app_running or time.monotonic() > deadline:
                texts = [
                    path.read_text(errors="replace") for path in (self.output_file, self.log_file) if path.exists()
                ]
                raise RuntimeError("the service does not answer:\n" + "\n".join(texts)[-3000:])
            time.sleep(0.05)

    # Releases

    def deploy(self, release: str, *, wait: bool = True) -> None:
        """Commit another release, run its migrations where its authors would have, restart."""
        self.restart_app(release=release, wait=wait)

    def undo_deploy(self, *, wait: bool = True) -> None:
        """Revert the last commit and restart."""
        self._git("revert", "--no-edit", "HEAD")
        self.restart_app(wait=wait)

    def commit_release(self, name: str) -> None:
        """Change the source as that release does, commit it, and run its migrations."""
        release = load_release(f"{type(self).__module__.rpartition('.')[0]}.releases", name)
        apply(release, self.package)
        self._commit(release.message)
        if release.migrate and any(edit.path.startswith("migrations/") for edit in release.edits):
            self.migrate()

    # Inside

    def prepare(self) -> None:
        """Copy the service into a repository of its own."""
        for folder in (self.log_file.parent, self.upload_dir):
            folder.mkdir(parents=True)
        shutil.copytree(self.source(), self.package, ignore=shutil.ignore_patterns(*_TOOLS))
        self.arrange_source()
        (self.repository / ".gitignore").write_text("__pycache__/\n")
        then = time.time() - _DAYS_AGO
        for path in self.repository.rglob("*"):
            os.utime(path, (then, then))
        self._git("init", "--quiet", "--initial-branch=main")
        self._commit(self.first_message, at=then)

    def _first_environment(self, *, tls: bool) -> dict[str, str]:
        environment = {
            "DATABASE_URL": self.database_url,
            "UPLOAD_DIR": str(self.upload_dir),
            "LOG_FILE": str(self.log_file),
            "NO_PROXY": "127.0.0.1,localhost",
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.workdir),
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",  # a stale .pyc must not hide a new release
            **self.variables(tls=tls),
        }
        if "PYTHONPATH" in os.environ:
            entries = os.environ["PYTHONPATH"].split(os.pathsep)
            environment["PYTHONPATH"] = os.pathsep.join(os.path.abspath(entry) for entry in entries)
        if tls:
            environment["CA_FILE"] = self.fakes.addresses["ca_file"]
        return environment

    def _is_healthy(self) -> bool:
        try:
            with _direct.open(f"{self.base_url}{self.health_path}", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _commit(self, message: str, at: float | None = None) -> None:
        self._git("add", "--all")
        date = {} if at is None else {"GIT_AUTHOR_DATE": f"{at:.0f} +0000", "GIT_COMMITTER_DATE": f"{at:.0f} +0000"}
        self._git("commit", "--quiet", "--message", message, environment=date)

    def _git(self, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
        if shutil.which("git") is None:
            return  # the service runs without a history too
        who = {"NAME": "Sam Carter", "EMAIL": "sam@example.com"}
        identity = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
        isolated = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        self.run("git", *arguments, environment={**identity, **isolated, **(environment or {})})

    def run(self, *command: str, environment: Mapping[str, str] | None = None) -> None:
        """Run a command as the service would be run.

        Raises:
            RuntimeError: It failed; the end of what it said is in the message.
        """
        done = subprocess.run(
            command,
            cwd=self.repository,
            env={**self.environment, **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()[-2000:]}")


S = TypeVar("S", bound=Stack)


@contextmanager
def running_stack(
    kind: type[S],
    release: str | None = None,
    postgres_settings: Mapping[str, Setting] | None = None,
    env: Mapping[str, str] | None = None,
    *,
    tls: bool = False,
    seed: int = 1,
    postgres: Postgres | None = None,
    start: bool = True,
    instrumented: bool = False,
) -> Iterator[S]:
    """Run the service with its database, its external services and its data for the length of the block.

    `postgres` is a cluster to be shared: this stack then gets a database of its own in it. Without `start`,
    everything is ready except the service itself. `instrumented` lets it write its use cases with the
    DiagnosticLogger.
    """
    with ExitStack() as cleanup:
        folder = tempfile.TemporaryDirectory(prefix=f"{kind.name[:9]}-", ignore_cleanup_errors=True)
        workdir = Path(cleanup.enter_context(folder))
        if postgres is None:
            postgres = cleanup.enter_context(running_postgres(postgres_settings))
        fakes = cleanup.enter_context(_running_fakes(workdir, kind.services_module, seed))
        database = f"{kind.name}_{next(_numbers)}"
        stack = kind(workdir, postgres, database, fakes, tls=tls)
        if instrumented:
            stack.environment["DIAGNOSTICS_FILE"] = str(stack.diagnostics_file)
        stack.environment.update(env or {})
        stack.prepare()
        _create_database(stack)
        cleanup.callback(_drop_database, postgres, database)
        if release is not None:
            stack.commit_release(release)
        cleanup.callback(stack.close)
        if start:
            stack.start_app()
        yield stack


def _create_database(stack: Stack) -> None:
    """Copy the prepared database; the first stack of a cluster prepares it."""
    postgres, name = stack.postgres, stack.database
    template = f"{_TEMPLATE}_{_fingerprint(stack.data_sources())}"
    if not postgres.execute(f"SELECT 1 FROM pg_database WHERE datname = '{template}'", "postgres"):
        url = postgres.create_database(f"{template}_new")
        mine, stack.environment["DATABASE_URL"] = stack.environment["DATABASE_URL"], url
        stack.migrate()
        stack.environment["DATABASE_URL"] = mine
        stack.fill(url)
        postgres.execute(f"ALTER DATABASE {template}_new RENAME TO {template}", "postgres")
    postgres.create_database(name, template=template)
    stack.execute("ANALYZE")  # the counters of live rows do not come along with a copy


def _drop_database(postgres: Postgres, name: str) -> None:
    if postgres.running:
        postgres.drop_database(name)


def _fingerprint(sources: Sequence[Path]) -> str:
    """Name the schema and its data, so that a changed one is prepared anew."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]


@contextmanager
def _running_fakes(workdir: Path, services: str, seed: int) -> Iterator[FakesControl]:
    ports, certificates = workdir / "services.json", workdir / "certificates"
    command = [
        sys.executable,
        "-m",
        f"{__package__}.fakes",
        "--services",
        services,
        "--port-file",
        str(ports),
        "--seed",
        str(seed),
    ]
    process = Child(
        [*command, "--certificates", str(certificates)],
        environment={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        directory=ROOT,
        output=workdir / "services.out",
    )
    try:
        deadline = time.monotonic() + 15.0
        while not ports.exists():
            if not process.running or time.monotonic() > deadline:
                raise RuntimeError(f"the services did not start:\n{(workdir / 'services.out').read_text()}")
            time.sleep(0.02)
        yield FakesControl(json.loads(ports.read_text()), process)
    finally:
        process.stop()
