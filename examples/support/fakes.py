"""Services of others on the loopback, and all the ways in which they misbehave.

Each service has a plain and a TLS port; one port is for control: `POST /_control {"service": "calendar",
"latency": 2.0}`. What a service answers is its `Responder`; an example names its own in a module with a function
`responders(random) -> dict[str, Responder]`: `python -m examples.support.fakes --services MODULE --port-file F`.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import random
import signal
import socket
import ssl
import struct
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from importlib import import_module
from pathlib import Path
from typing import Any

from .certificates import KINDS, write_certificates

Headers = dict[str, str]
Answer = tuple[int, Headers, Any]


@dataclass(slots=True)
class Behaviour:
    """How a service behaves now; what control sets, field by field."""

    latency: float = 0.008  # seconds until the answer
    jitter: float = 0.006  # up to so much more, at random
    fail_ratio: float = 1.0  # the share of requests that `status`, `reset`, `truncate` and `hang` concern
    status: int = 0  # answer with this HTTP error
    reason: str = ""  # in the service's own words, such as rateLimitExceeded
    retry_after: int = 0
    token_error: str = ""  # an OAuth error, such as invalid_grant; tokens given out before are withdrawn
    reset: bool = False  # cut the connection (RST) instead of answering
    truncate: bool = False  # send half of the body and close
    hang: bool = False  # take the request and never answer
    schema: str = ""  # "changed": a field has another name; "html": a page instead of JSON
    per_item: float = 0.02  # seconds that a question about several things needs for each beyond the first
    tls: str = "valid"  # the certificate of the TLS port
    listening: bool = True  # False: connections are refused


class Responder:
    """What one service answers."""

    #: Path at the end of the service's address.
    path = ""

    def respond(self, request: Request, behaviour: Behaviour, failing: int) -> Answer:
        """Return status, headers and body (bytes, or what becomes JSON); `failing` is the HTTP error to give, or 0."""
        raise NotImplementedError

    def items(self, request: Request) -> int:
        """Return about how many things the request asks; each beyond the first costs `per_item` seconds."""
        return 1

    def changed(self, behaviour: Behaviour, before: Behaviour) -> None:
        """Take note of a change of behaviour."""


@dataclass(slots=True)
class Service:
    """One service: its behaviour, its listeners, what it has seen."""

    name: str
    responder: Responder
    port: int
    tls_port: int
    context: ssl.SSLContext
    behaviour: Behaviour = field(default_factory=Behaviour)
    servers: list[asyncio.Server] = field(default_factory=list)
    connections: set[asyncio.StreamWriter] = field(default_factory=set)
    calls: dict[str, int] = field(default_factory=dict)


class Fakes:
    """All services in one event loop."""

    def __init__(
        self,
        folder: Path,
        responders: Callable[[random.Random], Mapping[str, Responder]],
        seed: int = 1,
        host: str = "127.0.0.1",
    ) -> None:
        self._random = random.Random(seed)
        self._responders = responders(self._random)
        self._host = host
        self._certificates = write_certificates(folder)
        self._control: asyncio.Server | None = None
        self.services: dict[str, Service] = {}

    async def start(self) -> dict[str, Any]:
        """Listen, and return the addresses."""
        for name, responder in self._responders.items():
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self._certificates["valid"])
            service = Service(name, responder, _free_port(self._host), _free_port(self._host), context)
            self.services[name] = service
            await self._listen(service)
        self._control = await asyncio.start_server(self._serve_control, self._host, 0)
        control_port = self._control.sockets[0].getsockname()[1]
        paths = {name: responder.path for name, responder in self._responders.items()}
        return {
            **{name: f"http://{self._host}:{self.services[name].port}{path}" for name, path in paths.items()},
            **{
                f"{name}_tls": f"https://localhost:{self.services[name].tls_port}{path}" for name, path in paths.items()
            },
            "control": f"http://{self._host}:{control_port}/_control",
            "ca_file": str(self._certificates["ca"]),
        }

    async def control(self, change: dict[str, Any]) -> dict[str, Any]:
        """Change one service's behaviour (all services' without a name), and return how all behave.

        Raises:
            ValueError: No such service, field or certificate.
        """
        change = dict(change)
        name = change.pop("service", None)
        if name is not None and name not in self.services:
            raise ValueError(f"no service {name!r}; there are {', '.join(self.services)}")
        if change.get("tls", "valid") not in KINDS:
            raise ValueError(f"no certificate {change['tls']!r}; there are {', '.join(KINDS)}")
        anew = change.pop("normal", False)
        for service in self.services.values() if name is None else [self.services[name]]:
            before = service.behaviour
            try:
                service.behaviour = dataclasses.replace(Behaviour() if anew else before, **change)
            except TypeError as error:
                fields = ", ".join(entry.name for entry in dataclasses.fields(Behaviour))
                raise ValueError(f"{error}; fields are {fields}") from error
            await self._apply(service, before)
        return self.state()

    def state(self) -> dict[str, Any]:
        """Return how each service behaves and how often it was called."""
        return {
            name: {**dataclasses.asdict(service.behaviour), "calls": dict(service.calls)}
            for name, service in self.services.items()
        }

    # Listening

    async def _listen(self, service: Service) -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._serve(service, reader, writer)

        service.servers = [
            await asyncio.start_server(serve, self._host, service.port),
            await asyncio.start_server(serve, self._host, service.tls_port, ssl=service.context),
        ]

    async def _apply(self, service: Service, before: Behaviour) -> None:
        now = service.behaviour
        if now.tls != before.tls:
            service.context.load_cert_chain(self._certificates[now.tls])
        service.responder.changed(now, before)
        if before.listening and not now.listening:
            for server in service.servers:
                server.close()
        if now.listening and not before.listening:
            await self._listen(service)
        if now.tls != before.tls or now.listening != before.listening:
            for writer in list(service.connections):  # kept connections would hide the change
                writer.close()

    async def _serve(self, service: Service, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        service.connections.add(writer)
        try:
            while (request := await _read_request(reader)) is not None:
                if not await self._answer(service, request, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            service.connections.discard(writer)
            writer.close()

    async def _answer(self, service: Service, request: Request, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; return whether the connection lives on."""
        behaviour = service.behaviour
        chosen = self._random.random() < behaviour.fail_ratio
        delay = behaviour.latency + self._random.random() * behaviour.jitter
        delay += behaviour.per_item * max(0, service.responder.items(request) - 1)
        if chosen and behaviour.hang:
            delay = 3600.0
        await asyncio.sleep(delay)
        if chosen and behaviour.reset:
            _reset(writer)
            return False

        status, headers, body = self._respond(service, request, chosen)
        operation = _operation(request)
        service.calls[f"{operation} {status}"] = service.calls.get(f"{operation} {status}", 0) + 1
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"content-type": "application/json; charset=UTF-8", **headers}
        head = [f"HTTP/1.1 {status} {PHRASES.get(status, 'Unknown')}", f"Date: {formatdate(usegmt=True)}"]
        head += [f"{name}: {value}" for name, value in headers.items()] + [f"Content-Length: {len(content)}"]
        truncated = chosen and behaviour.truncate
        writer.write(
            "\r\n".join(head).encode() + b"\r\n\r\n" + (content[: len(content) // 2] if truncated else content)
        )
        await writer.drain()
        return not truncated and request.headers.get("connection", "").lower() != "close"

    def _respond(self, service: Service, request: Request, chosen: bool) -> Answer:
        behaviour = service.behaviour
        if behaviour.schema == "html":
            return 200, {"content-type": "text/html"}, b"<html><body>We will be back soon.</body></html>"
        failing = behaviour.status if chosen else 0
        return service.responder.respond(request, behaviour, failing)

    # Control

    async def _serve_control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await _read_request(reader)) is not None:
                try:
                    state = await self.control(request.json()) if request.method == "POST" else self.state()
                    status, content = 200, json.dumps(state).encode()
                except ValueError as error:
                    status, content = 400, json.dumps({"error": str(error)}).encode()
                head = f"HTTP/1.1 {status} {PHRASES[status]}\r\nContent-Type: application/json\r\n"
                writer.write(head.encode() + f"Content-Length: {len(content)}\r\n\r\n".encode() + content)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request."""

    method: str
    path: str
    headers: Headers
    body: bytes

    def json(self) -> dict[str, Any]:
        try:
            value = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    def form(self) -> dict[str, str]:
        return dict(urllib.parse.parse_qsl(self.body.decode("latin-1")))


async def _read_request(reader: asyncio.StreamReader) -> Request | None:
    first = await reader.read(1)
    if not first or not first.isalpha():  # the end; or something else than HTTP, such as the beginning of TLS
        return None
    head = first + await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    method, target, _ = lines[0].split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(method, target.partition("?")[0], headers, body)


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def waiting(behaviour: Behaviour) -> Headers:
    return {"retry-after": str(behaviour.retry_after)} if behaviour.retry_after else {}


def timestamp() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())


def _operation(request: Request) -> str:
    last = request.path.rsplit("/", 1)[-1]
    return {"POST": "", "GET": "GET "}.get(request.method, f"{request.method} ") + (
        "event" if request.method == "PATCH" else last
    )


PHRASES = {
    200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 409: "Conflict",
    410: "Gone", 422: "Unprocessable Content", 429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway",
    503: "Service Unavailable", 504: "Gateway Timeout",
}  # fmt: skip


async def _run(module: str, port_file: Path, folder: Path, seed: int) -> None:
    fakes = Fakes(folder, import_module(module).responders, seed)
    addresses = await fakes.start()
    partial = port_file.with_suffix(".partial")
    partial.write_text(json.dumps(addresses))
    partial.replace(port_file)  # who waits for the file finds it complete
    stopped = asyncio.Event()
    for kind in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(kind, stopped.set)
    await stopped.wait()


def main() -> None:
    """Serve until told to stop; write the addresses to a file when ready."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--services", required=True, help="module with the responders")
    parser.add_argument("--port-file", type=Path, required=True)
    parser.add_argument("--certificates", type=Path, help="folder for the certificates, a temporary one otherwise")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="certificates-") as temporary:
        folder = options.certificates or Path(temporary)
        asyncio.run(_run(options.services, options.port_file, folder, options.seed))


if __name__ == "__main__":
    main()
