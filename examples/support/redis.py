"""A private Redis for examples, tests and the laboratory: the system's `redis-server` on a port of its own."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import time
from collections.abc import Mapping
from pathlib import Path

from .processes import Child, free_port

PROGRAM = "redis-server"
MISSING = f"{PROGRAM} is not installed (Debian: apt install redis-server)"


def is_installed() -> bool:
    """Whether a private Redis can be run here."""
    return shutil.which(PROGRAM) is not None


class Redis:
    """One server in a folder of its own, with a password, that writes nothing to the disk but its log."""

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        """Prepare the folder; `start` makes it run."""
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log_file = folder / "redis.log"
        self.port = free_port()
        self.password = secrets.token_hex(8)
        self.settings = dict(settings or {})
        self._server: Child | None = None

    @property
    def url(self) -> str:
        """The server, without the number of a database."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        return self._server is not None and self._server.running

    @property
    def pid(self) -> int:
        """The server's process.

        Raises:
            RuntimeError: It does not run.
        """
        if self._server is None or not self._server.running:
            raise RuntimeError("Redis is not running")
        return self._server.pid

    def start(self, timeout_seconds: float = 10.0) -> None:
        """Start the server and wait until it answers.

        Raises:
            RuntimeError: It is not installed, or does not start; the end of its log is in the message.
        """
        if self.running:
            return
        program = shutil.which(PROGRAM)
        if program is None:
            raise RuntimeError(MISSING)
        settings = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": str(self.folder),
            "logfile": str(self.log_file),
            "requirepass": self.password,
            "save": "",
            "appendonly": "no",
            "daemonize": "no",
            **self.settings,
        }
        self._server = Child(
            [program, *(part for name, value in settings.items() for part in (f"--{name}", value))],
            environment={"PATH": os.environ.get("PATH", os.defpath)},
            directory=self.folder,
            output=self.folder / "redis.out",
        )
        deadline = time.monotonic() + timeout_seconds
        while not self._answers():
            if not self._server.running or time.monotonic() > deadline:
                texts = [path.read_text(errors="replace") for path in self.folder.glob("redis.*")]
                raise RuntimeError("Redis did not start:\n" + "\n".join(texts)[-2000:])
            time.sleep(0.02)

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop(signal.SIGTERM)
            self._server = None

    def kill(self) -> None:
        """End it as the kernel would."""
        if self._server is not None:
            self._server.kill()
            self._server = None

    def command(self, *words: str) -> bytes:
        """Send one command on a connection of its own and return the first line of the answer.

        Raises:
            OSError: Nobody answers.
        """
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(_encoded("AUTH", self.password) + _encoded(*words))
            with connection.makefile("rb") as answers:
                answers.readline()
                return answers.readline().strip()

    def _answers(self) -> bool:
        try:
            return self.command("PING") == b"+PONG"
        except OSError:
            return False


def _encoded(*words: str) -> bytes:
    """Return a command as Redis' protocol writes it."""
    parts = [b"$%d\r\n%s\r\n" % (len(word.encode()), word.encode()) for word in words]
    return b"*%d\r\n%s" % (len(words), b"".join(parts))
