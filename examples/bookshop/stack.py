"""The bookshop with everything it needs: PostgreSQL, Redis, gunicorn, a worker and the clock of its tasks."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from examples.support import stack
from examples.support.postgres import Postgres
from examples.support.processes import Child
from examples.support.redis import Redis
from examples.support.stack import FakesControl, Roles

from .fakes import MAIL_KEY, PAYMENTS_KEY
from .seed import seed


class Stack(stack.Stack):
    """Django under gunicorn, Celery with Redis; a payments and a mail service outside."""

    name = "bookshop"
    services_module = f"{__package__}.fakes"
    roles = Roles(
        hot_table="bookshop_order",
        hot_update="UPDATE bookshop_stock SET copies = copies",
        needed_index="bookshop_order_customer_id_3aa0717b",
        remote="payments",
        remote_url="PAYMENTS_URL",
        remote_key="PAYMENTS_API_KEY",
        pool_size="WEB_THREADS",
        main_path="/customers/7/orders/",
        contended="move_stock",
    )

    def __init__(self, workdir: Path, postgres: Postgres, database: str, fakes: FakesControl, *, tls: bool) -> None:
        self.redis = Redis(workdir / "redis")
        super().__init__(workdir, postgres, database, fakes, tls=tls)
        self.access_file = self.log_file.with_name("access.log")
        self.worker_file = self.log_file.with_name("worker.log")
        self.beat_file = self.log_file.with_name("beat.log")
        self.worker: Child | None = None
        self.beat: Child | None = None

    def command(self) -> Sequence[str]:
        configuration = f"{self.name}/gunicorn_conf.py"
        return [sys.executable, "-m", "gunicorn", "-c", configuration, f"{self.name}.wsgi:application"]

    def variables(self, *, tls: bool) -> Mapping[str, str]:
        addresses = self.fakes.addresses
        return {
            "DJANGO_SETTINGS_MODULE": "bookshop.settings",
            "SECRET_KEY": "loopback-secret-key-of-the-bookshop",
            "DATABASE_URL": self.database_url.replace("postgresql+psycopg", "postgresql"),
            "REDIS_URL": self.redis.url,
            "PAYMENTS_URL": addresses[f"payments{self.suffix}"],
            "PAYMENTS_API_KEY": PAYMENTS_KEY,
            "MAIL_URL": addresses[f"mail{self.suffix}"],
            "MAIL_API_KEY": MAIL_KEY,
            "PORT": str(self.port),
        }

    def migrate(self, revision: str = "head") -> None:
        """Bring the database to a migration, named by its beginning."""
        target = [] if revision == "head" else [revision]
        self.run(sys.executable, "-m", "bookshop.manage", "migrate", "--verbosity", "0", "bookshop", *target)

    def fill(self, database_url: str) -> None:
        seed(database_url)

    @property
    def pids(self) -> list[int]:
        return [self.app_pid, *(child.pid for child in (self.worker, self.beat) if child is not None)]

    @property
    def log_files(self) -> list[Path]:
        return [*super().log_files, *(path for path in (self.access_file, self.worker_file) if path.exists())]

    # Life: the web, the worker and the clock are deployed together, unless somebody forgets one

    def start_app(self, *, wait: bool = True, timeout_seconds: float = 20.0) -> None:
        self.redis.start()
        self.start_worker(wait=False)
        self.start_beat()
        super().start_app(wait=wait, timeout_seconds=timeout_seconds)
        if wait:
            self._wait_for_worker(timeout_seconds)

    def stop_app(self) -> None:
        self.stop_web()
        for child in (self.beat, self.worker):
            if child is not None:
                child.stop(timeout_seconds=5.0)

    def close(self) -> None:
        self.stop_app()
        self.redis.stop()

    def stop_web(self) -> None:
        super().stop_app()

    def restart_web(self) -> None:
        """Restart what answers requests, and nothing else."""
        self.stop_web()
        super().start_app()

    def start_worker(self, *, wait: bool = True, timeout_seconds: float = 20.0) -> None:
        """Start the worker, another one where one runs."""
        self._worker_began = self.worker_file.stat().st_size if self.worker_file.exists() else 0
        self.worker = self._celery("worker", self.worker_file, "--without-mingle", "--without-gossip")
        if wait:
            self._wait_for_worker(timeout_seconds)

    def start_beat(self) -> Child:
        """Start the clock of the tasks, another one where one runs."""
        schedule = self.workdir / f"schedule-{time.monotonic_ns()}"
        self.beat = self._celery("beat", self.beat_file, "--schedule", str(schedule), "--pidfile", "")
        return self.beat

    def _celery(self, command: str, log: Path, *options: str) -> Child:
        return Child(
            [sys.executable, "-m", "celery", "-A", "bookshop.celery", command, "-l", "INFO", "-f", str(log), *options],
            environment=self.environment,
            directory=self.repository,
            output=log.with_suffix(".out"),
        )

    def _wait_for_worker(self, timeout_seconds: float) -> None:
        deadline = time.monotonic() + timeout_seconds
        while not (self.worker_file.exists() and " ready." in self._worker_said()):
            if self.worker is None or not self.worker.running or time.monotonic() > deadline:
                output = self.worker_file.with_suffix(".out")
                raise RuntimeError(f"the worker is not ready:\n{output.read_text(errors='replace')[-3000:]}")
            time.sleep(0.05)

    def _worker_said(self) -> str:
        with self.worker_file.open(errors="replace") as log:
            log.seek(self._worker_began)
            return log.read()


def running_stack(*arguments: Any, **options: Any) -> AbstractContextManager[Stack]:
    """Run it for the length of the block; the arguments are those of `examples.support.stack.running_stack`."""
    return stack.running_stack(Stack, *arguments, **options)
