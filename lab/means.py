"""Real means that several faults share; each undoes what it did.

A means that this machine does not allow (no root, no iptables) raises `CannotInject`.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from examples.support.postgres import Postgres
from examples.support.processes import Child, free_port
from examples.support.stack import Stack

_NEW_MOUNTS = 0x00020000  # CLONE_NEWNS
_BIND, _PRIVATE = 4096, (1 << 18) | 16384  # MS_BIND; MS_PRIVATE | MS_REC

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class CannotInject(RuntimeError):
    """This machine does not allow the fault; the text says why."""


def needs(*programs: str) -> None:
    """Ask for root and some programs.

    Raises:
        CannotInject: One of them is missing.
    """
    if os.geteuid() != 0:
        raise CannotInject("only root may do this")
    for program in programs:
        if shutil.which(program) is None:
            raise CannotInject(f"{program} is not installed")


@contextmanager
def firewall(*rule: str) -> Iterator[None]:
    """Put one rule before all others (chain first, as for `iptables -I`), and take it away again."""
    needs("iptables")
    done = subprocess.run(["iptables", "-w", "-I", *rule], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotInject(f"iptables: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["iptables", "-w", "-D", *rule], capture_output=True, check=False)


@contextmanager
def private_files(files: Mapping[str, str]) -> Iterator[None]:
    """Give other contents to files such as /etc/resolv.conf, for this thread and what it starts from now on.

    The mount namespace is the thread's own: the rest of the machine keeps its files.
    """
    needs()
    libc = ctypes.CDLL(None, use_errno=True)
    before = os.open(f"/proc/{os.getpid()}/task/{threading.get_native_id()}/ns/mnt", os.O_RDONLY)
    folder = Path(tempfile.mkdtemp(prefix="files-"))
    try:
        _checked(libc.unshare(_NEW_MOUNTS))
        _checked(libc.mount(b"none", b"/", None, _PRIVATE, None))
        for number, (path, content) in enumerate(files.items()):
            source = folder / str(number)
            source.write_text(content)
            _checked(libc.mount(os.fsencode(source), os.fsencode(path), None, _BIND, None))
        yield
    finally:
        libc.setns(before, _NEW_MOUNTS)
        os.close(before)
        shutil.rmtree(folder, ignore_errors=True)


def _checked(result: int) -> None:
    if result != 0:
        raise CannotInject(f"mount namespaces: {os.strerror(ctypes.get_errno())}")


class NameServer:
    """A name server on a loopback address of its own (port 53) that knows one answer for every name.

    `mode`: `answers` (127.0.0.1), `silent`, `servfail`.
    """

    def __init__(self) -> None:
        needs()
        self.mode = "answers"
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.address = f"127.53.{os.getpid() % 250 + 1}.{threading.get_native_id() % 250 + 1}"
        try:
            self._socket.bind((self.address, 53))
        except OSError as error:
            raise CannotInject(f"port 53: {error}") from error
        self._socket.settimeout(0.2)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="name-server", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(5)
        self._socket.close()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            try:
                query, client = self._socket.recvfrom(4096)
            except OSError:
                continue
            if self.mode != "silent":
                self._socket.sendto(_dns_answer(query, fails=self.mode == "servfail"), client)


def _dns_answer(query: bytes, *, fails: bool) -> bytes:
    end = query.index(0, 12) + 5
    question, kind = query[12:end], struct.unpack("!H", query[end - 4 : end - 2])[0]
    found = kind == 1 and not fails
    flags = 0x8182 if fails else 0x8180
    head = query[:2] + struct.pack("!HHHHH", flags, 1, int(found), 0, 0)
    record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 0, 4) + bytes((127, 0, 0, 1)) if found else b""
    return head + question + record


_groups = itertools.count(1)
_FAKETIME = ("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1")


@contextmanager
def volume(folder: Path, *options: str) -> Iterator[Path]:
    """Mount a file system of its own on a new folder; the service is stopped before it goes away."""
    needs("mount")
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", ",".join(options or ("size=64m",)), "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotInject(f"mount: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def wrapped(stack: Stack, *prefix: str) -> Iterator[None]:
    """Start the service through another program from now on."""
    usual = stack.command
    before = vars(stack).get("command")
    vars(stack)["command"] = lambda: [*prefix, *usual()]
    try:
        yield
    finally:
        if before is None:
            del vars(stack)["command"]
        else:
            vars(stack)["command"] = before


@contextmanager
def supervised(stack: Stack) -> Iterator[None]:
    """Start the service below something that starts it again whenever it ends."""
    supervisor = Path(__file__).with_name("supervisor.py")
    with wrapped(stack, sys.executable, str(supervisor), stack.name):
        try:
            yield
        finally:
            stack.stop_app()


@contextmanager
def control_group(stack: Stack, controller: str, **limits: int) -> Iterator[Path]:
    """Start the service in a control group with limits, such as `max=40` of `pids`; it is stopped at the end."""
    needs()
    root = Path("/sys/fs/cgroup") / controller
    if not (root / "cgroup.procs").exists():
        raise CannotInject(f"no {controller} controller of cgroup v1 is mounted")
    group = root / f"lab-{os.getpid()}-{next(_groups)}"
    try:
        group.mkdir()
        for name, value in limits.items():
            (group / f"{controller}.{name}").write_text(str(value))
    except OSError as error:
        raise CannotInject(f"control group: {error}") from error
    enter = 'echo $$ > "$0" && exec "$@"'
    with wrapped(stack, "/bin/sh", "-c", enter, str(group / "cgroup.procs")):
        try:
            yield group
        finally:
            stack.stop_app()
            _remove(group)


def _remove(group: Path) -> None:
    """Remove a control group, once the kernel has let go of its last process."""
    for _ in range(50):
        try:
            group.rmdir()
        except OSError:
            for pid in (group / "cgroup.procs").read_text().split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), 9)
            time.sleep(0.1)
        else:
            return


class Clock:
    """The clock of a host, as the service and whoever looks at that host see it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.shift(0)

    def shift(self, seconds: float) -> None:
        """Let it go wrong by so much; a running process sees a step."""
        partial = self._file.with_suffix(".partial")
        partial.write_text(f"{seconds:+.0f}s\n")
        partial.replace(self._file)


@contextmanager
def other_clock(stack: Stack) -> Iterator[Clock]:
    """Give a clock of their own to processes that start from now on: to the service, and to a diagnosis on its host.

    Intervals (CLOCK_MONOTONIC) and files keep the kernel's time, as on a host whose clock was set wrong.
    """
    library = next((path for path in _FAKETIME if Path(path).exists()), None)
    if library is None:
        raise CannotInject("libfaketime is not installed")
    file = stack.workdir / "clock"
    clock = Clock(file)
    variables = {
        "LD_PRELOAD": library,
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }
    stack.environment.update(variables)
    os.environ.update(variables)
    try:
        yield clock
    finally:
        for name in variables:
            os.environ.pop(name, None)
            stack.environment.pop(name, None)


def long_ago(stack: Stack) -> None:
    """Make everything that was committed old news: three days old."""
    if not (stack.repository / ".git").exists():
        return
    then = f"{time.time() - 3 * 86_400:.0f} +0000"
    dates = {"GIT_AUTHOR_DATE": then, "GIT_COMMITTER_DATE": then, "GIT_CONFIG_GLOBAL": os.devnull}
    who = ("-c", "user.name=Sam Carter", "-c", "user.email=sam@example.com")
    for command in (
        ("commit", "--amend", "--no-edit", "--quiet", "--date", then),
        ("reflog", "expire", "--expire=all", "--all"),
    ):
        subprocess.run(["git", *who, *command], cwd=stack.repository, env={**os.environ, **dates}, check=True)
    for path in stack.repository.rglob("*"):
        if ".git" not in path.parts:
            os.utime(path, (time.time() - 3 * 86_400,) * 2)


Answer = tuple[int, bytes]
Respond = Callable[[str, Mapping[str, str], bytes], Answer | None]


class Front:
    """Something of the provider's that stands before a service: it answers itself, or passes the request on.

    `respond(path, headers, body)` returns status and JSON, or None to pass on; it may wait.
    """

    def __init__(self, target: str, respond: Respond) -> None:
        self._respond = respond
        parts = urlsplit(target)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = parts._replace(netloc=f"127.0.0.1:{self._server.server_port}").geturl()

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.1,), name="front", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, content = front._respond(self.path, headers, body) or front._pass_on(self, headers, body)
                with contextlib.suppress(OSError):
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _answer

            def log_message(self, format: str, *arguments: Any) -> None:
                """Say nothing."""

        return Handler

    def _pass_on(self, request: BaseHTTPRequestHandler, headers: Mapping[str, str], body: bytes) -> Answer:
        kept = {n: v for n, v in headers.items() if n in ("authorization", "content-type")}
        onward = urllib.request.Request(self._origin + request.path, body or None, kept, method=request.command)
        try:
            with _direct.open(onward, timeout=10) as answer:
                return int(answer.status), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


class OldGateway:
    """A TLS end that speaks nothing newer than TLS 1.1, before a plain port."""

    def __init__(self, target: int, certificate: Path) -> None:
        self._target = target
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.set_ciphers("ALL:@SECLEVEL=0")
        self._context.minimum_version = ssl.TLSVersion.TLSv1
        self._context.maximum_version = ssl.TLSVersion.TLSv1_1
        self._context.load_cert_chain(certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, name="old-gateway", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        line.settimeout(10)
        with line, contextlib.suppress(OSError), self._context.wrap_socket(line, server_side=True) as secure:
            there = socket.create_connection(("127.0.0.1", self._target), timeout=10)
            with there:
                threading.Thread(target=_pump, args=(there, secure), daemon=True).start()
                _pump(secure, there)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)


class Caller:
    """Somebody who sends the same kind of request again and again, from a thread of its own."""

    def __init__(self, make: Callable[[], urllib.request.Request], every_seconds: float = 0.25) -> None:
        self._make = make
        self._pause = every_seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._call, name="caller", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(10)

    def _call(self) -> None:
        while not self._stopping.wait(self._pause):
            with contextlib.suppress(OSError), _direct.open(self._make(), timeout=5) as answer:
                answer.read()


class Poller:
    """Telegram's `getUpdates`: who asks while another waits ends the other's wait with a 409."""

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._asked = 0

    def __call__(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer | None:
        """Answer a poll; other calls are passed on."""
        if not path.endswith("/getUpdates"):
            return None
        with self._turn:
            self._asked += 1
            mine = self._asked
            self._turn.notify_all()
            ended = self._turn.wait_for(lambda: self._asked != mine, timeout=2.0)
        if ended:
            time.sleep(0.01)
            return 409, _CONFLICT
        return 200, b'{"ok": true, "result": []}'


_CONFLICT = (
    b'{"ok": false, "error_code": 409, "description": "Conflict: terminated by other getUpdates request; '
    b'make sure that only one bot instance is running"}'
)


@contextmanager
def small_tablespace(postgres: Postgres, name: str, *, megabytes: int) -> Iterator[Path]:
    """Give PostgreSQL a volume of its own of that size; who uses it takes everything away from it again."""
    with volume(postgres.folder / name, f"size={megabytes}m") as folder:
        owner = postgres.data_directory.stat()
        os.chown(folder, owner.st_uid, owner.st_gid)
        postgres.execute(f"CREATE TABLESPACE {name} LOCATION '{folder}'")
        postgres.execute(f"GRANT CREATE ON TABLESPACE {name} TO PUBLIC")
        yield folder
        postgres.execute(f"DROP TABLESPACE {name}")


_POOLER = """\
[databases]
* = host={host} port={port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own}
unix_socket_dir =
auth_type = plain
auth_file = {users}
pool_mode = transaction
stats_users = {user}
default_pool_size = {sessions}
ignore_startup_parameters = extra_float_digits, options
"""


@contextmanager
def pooler(url: str, *, sessions: int) -> Iterator[str]:
    """Put pgbouncer, which gives each transaction one of a few sessions, before a database; its URL is the value."""
    needs("pgbouncer")
    parts = urlsplit(url)
    folder = Path(tempfile.mkdtemp(prefix="pooler-"))
    try:
        folder.chmod(0o755)
        own, users, settings = free_port(), folder / "users.txt", folder / "pgbouncer.ini"
        users.write_text(f'"{parts.username}" "{parts.password}"\n')
        settings.write_text(
            _POOLER.format(
                host=parts.hostname, port=parts.port, own=own, users=users, sessions=sessions, user=parts.username
            )
        )
        process = Child(
            ["pgbouncer", str(settings)],
            environment={"PATH": f"{os.defpath}:/usr/sbin"},
            directory=folder,
            output=folder / "pgbouncer.log",
            user="nobody",
        )
        try:
            time.sleep(0.5)
            if not process.running:
                raise CannotInject((folder / "pgbouncer.log").read_text()[-500:])
            yield parts._replace(netloc=parts.netloc.replace(f":{parts.port}", f":{own}")).geturl()
        finally:
            process.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
