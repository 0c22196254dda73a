"""What goes on around a service: other sessions, people, neighbours, what its log and history say; each undone."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psycopg

if TYPE_CHECKING:
    from lab.harness import Lab


@contextmanager
def session(lab: Lab, name: str, *, autocommit: bool = False) -> Iterator[psycopg.Connection]:
    """A session of somebody else in the service's database, as the service's role."""
    url = lab.stack.database_url.replace("+psycopg", "")
    with psycopg.connect(url, application_name=name, autocommit=autocommit) as connection:
        yield connection
        connection.rollback()


@contextmanager
def again_and_again(action: Callable[[], object], pause: float) -> Iterator[None]:
    """Do something until the end of the block, with a pause after each time; failures of it are its own affair."""
    stop = threading.Event()

    def run() -> None:
        while not stop.is_set():
            with contextlib.suppress(OSError, http.client.HTTPException, psycopg.Error, subprocess.SubprocessError):
                action()
            stop.wait(pause)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)


def ask(
    lab: Lab,
    method: str,
    path: str,
    body: object = None,
    *,
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = 10.0,
) -> tuple[int, bytes]:
    """Send one request to the service and return status and body."""
    address = urlsplit(lab.stack.base_url)
    connection = http.client.HTTPConnection(address.hostname or "127.0.0.1", address.port, timeout=timeout)
    given = {"content-type": "application/json", **(headers or {})}
    payload = content if content is not None else None if body is None else json.dumps(body).encode()
    try:
        connection.request(method, path, payload, given)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def settle(lab: Lab, days: float = 3.0) -> None:
    """Let the last commit be of some days ago: what it brought has served well since then."""
    moment = (datetime.now(UTC) - timedelta(days=days)).isoformat()
    dates = {"GIT_COMMITTER_DATE": moment, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    who = {"GIT_COMMITTER_NAME": "Sam Carter", "GIT_COMMITTER_EMAIL": "sam@example.com"}
    lab.stack.run("git", "commit", "--quiet", "--amend", "--no-edit", "--date", moment, environment={**dates, **who})
    lab.stack.run("git", "reflog", "expire", "--expire=now", "--all", environment=dates)
    then = time.time() - days * 86_400
    for path in lab.stack.repository.rglob("*.py"):
        os.utime(path, (then, then))


def write_earlier(lab: Lab, lines: Iterable[str]) -> None:
    """Put lines at the beginning of the service's log: what it said long before."""
    path = lab.stack.log_file
    pids = lab.stack.pids
    for pid in pids:  # for the few milliseconds that this takes, so that nothing is lost
        os.kill(pid, signal.SIGSTOP)
    try:
        present = path.read_text(encoding="utf-8") if path.exists() else ""
        with path.open("r+" if path.exists() else "w", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in lines) + present)
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def stamp(seconds_ago: float) -> str:
    """Return a moment as the examples' logs write it."""
    moment = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    return f"{moment:%Y-%m-%d %H:%M:%S},{moment.microsecond // 1000:03d}"


@contextmanager
def neighbours(count: int = 1, nice: int = 19) -> Iterator[None]:
    """Other processes that calculate."""
    hogs = [
        subprocess.Popen(["nice", "-n", str(nice), sys.executable, "-c", "while True: pass"], stdout=subprocess.DEVNULL)
        for _ in range(count)
    ]
    try:
        yield
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()


@contextmanager
def idle_transaction(lab: Lab, name: str = "psql") -> Iterator[None]:
    """A session that changed rows which the service wants to change, and does not end its transaction."""
    with session(lab, name) as connection:
        connection.execute(lab.stack.roles.hot_update)
        yield


@contextmanager
def service_does(lab: Lab, service: str, **behaviour: Any) -> Iterator[None]:
    """An external service behaves like this."""
    lab.stack.fakes.set(service, **behaviour)
    try:
        yield
    finally:
        lab.stack.fakes.normal(service)
