"""Google and Telegram on the loopback: the real REST shapes, and all the ways in which they misbehave.

Three services (`token`: OAuth, `calendar`: Calendar API v3, `telegram`: Bot API), each with a plain and a TLS
port, and one port for control: `POST /_control {"service": "calendar", "latency": 2.0}`.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import random
import re
import signal
import socket
import ssl
import struct
import tempfile
import time
import urllib.parse
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any

from .certificates import KINDS, write_certificates

SERVICES = ("token", "calendar", "telegram")

Headers = dict[str, str]
Answer = tuple[int, Headers, Any]


@dataclass(slots=True)
class Behaviour:
    """How a service behaves now; what control sets, field by field."""

    latency: float = 0.008  # seconds until the answer
    jitter: float = 0.006  # up to so much more, at random
    fail_ratio: float = 1.0  # the share of requests that `status`, `reset`, `truncate` and `hang` concern
    status: int = 0  # answer with this HTTP error
    reason: str = ""  # Google's reason, such as rateLimitExceeded; or Telegram's description
    retry_after: int = 0
    token_error: str = ""  # the OAuth error, such as invalid_grant; tokens given out before are withdrawn
    reset: bool = False  # cut the connection (RST) instead of answering
    truncate: bool = False  # send half of the body and close
    hang: bool = False  # take the request and never answer
    schema: str = ""  # "changed": a field has another name; "html": a page instead of JSON
    per_calendar: float = 0.02  # seconds that free/busy needs for each calendar beyond the first
    tls: str = "valid"  # the certificate of the TLS port
    listening: bool = True  # False: connections are refused


@dataclass(slots=True)
class Service:
    """One service: its behaviour, its listeners, what it has seen."""

    name: str
    port: int
    tls_port: int
    context: ssl.SSLContext
    behaviour: Behaviour = field(default_factory=Behaviour)
    servers: list[asyncio.Server] = field(default_factory=list)
    connections: set[asyncio.StreamWriter] = field(default_factory=set)
    calls: dict[str, int] = field(default_factory=dict)


class Fakes:
    """All services in one event loop."""

    def __init__(self, folder: Path, seed: int = 1, host: str = "127.0.0.1") -> None:
        self._random = random.Random(seed)
        self._host = host
        self._certificates = write_certificates(folder)
        self._valid_tokens: set[str] = set()
        self._message_ids = 0
        self._control: asyncio.Server | None = None
        self.services: dict[str, Service] = {}

    async def start(self) -> dict[str, Any]:
        """Listen, and return the addresses."""
        for name in SERVICES:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self._certificates["valid"])
            service = Service(name, _free_port(self._host), _free_port(self._host), context)
            self.services[name] = service
            await self._listen(service)
        self._control = await asyncio.start_server(self._serve_control, self._host, 0)
        control_port = self._control.sockets[0].getsockname()[1]
        paths = {"token": "/token", "calendar": "/calendar/v3", "telegram": ""}
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
            raise ValueError(f"no service {name!r}; there are {', '.join(SERVICES)}")
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
        if now.token_error and not before.token_error:
            self._valid_tokens.clear()
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
        if request.path.endswith("/freeBusy"):
            delay += behaviour.per_calendar * max(0, len(request.json().get("items", [])) - 1)
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
        head = [f"HTTP/1.1 {status} {_PHRASES.get(status, 'Unknown')}", f"Date: {formatdate(usegmt=True)}"]
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
        if service.name == "token":
            return self._oauth(request, behaviour, failing)
        if service.name == "calendar":
            return self._calendar(request, behaviour, failing)
        return self._telegram(request, behaviour, failing)

    # Google

    def _oauth(self, request: Request, behaviour: Behaviour, failing: int) -> Answer:
        if request.method != "POST" or request.path != "/token":
            return 404, {}, {"error": "not_found"}
        if failing:
            return (
                failing,
                _waiting(behaviour),
                {"error": "temporarily_unavailable", "error_description": "Try again."},
            )
        if behaviour.token_error:
            description = _OAUTH_ERRORS.get(behaviour.token_error, "Request refused.")
            status = 401 if behaviour.token_error == "invalid_client" else 400
            return status, {}, {"error": behaviour.token_error, "error_description": description}
        form = request.form()
        if form.get("grant_type") != "refresh_token" or not form.get("refresh_token"):
            return 400, {}, {"error": "invalid_request", "error_description": "Missing required parameter."}
        token = f"ya29.{self._random.getrandbits(128):032x}"
        self._valid_tokens.add(token)
        answer = {"access_token": token, "expires_in": 3599, "scope": _SCOPE, "token_type": "Bearer"}
        return 200, {"cache-control": "no-store"}, answer

    def _calendar(self, request: Request, behaviour: Behaviour, failing: int) -> Answer:
        if failing:
            return failing, _waiting(behaviour), _google_error(failing, behaviour.reason)
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self._valid_tokens:
            headers = {"www-authenticate": 'Bearer realm="https://accounts.google.com/", error="invalid_token"'}
            return 401, headers, _google_error(401)
        if request.path == "/calendar/v3/freeBusy" and request.method == "POST":
            return 200, {}, self._free_busy(request, behaviour)
        found = re.fullmatch(r"/calendar/v3/calendars/([^/]+)/events(?:/([^/]+))?", request.path)
        if found is None:
            return 404, {}, _google_error(404)
        return self._event(request, behaviour, found)

    def _event(self, request: Request, behaviour: Behaviour, found: re.Match[str]) -> Answer:
        calendar_id, event_id = urllib.parse.unquote(found[1]), found[2]
        body = request.json()
        if request.method == "POST" and event_id is None:
            if not all(isinstance(body.get(end), dict) and body[end].get("dateTime") for end in ("start", "end")):
                return 400, {}, _google_error(400)
            event_id = f"{self._random.getrandbits(100):026x}"
        elif request.method not in ("PATCH", "PUT") or event_id is None:
            return 404, {}, _google_error(404)
        event = {
            "kind": "calendar#event",
            "etag": f'"{self._random.getrandbits(53)}"',
            "id": event_id,
            "status": "confirmed",
            "htmlLink": f"https://www.google.com/calendar/event?eid={event_id}",
            "created": _timestamp(),
            "updated": _timestamp(),
            "organizer": {"email": calendar_id, "self": True},
            **body,
        }
        if behaviour.schema == "changed":
            event["eventId"] = event.pop("id")
        return 200, {"etag": event["etag"]}, event

    def _free_busy(self, request: Request, behaviour: Behaviour) -> dict[str, Any]:
        question = request.json()
        calendars = {}
        for item in question.get("items", []):
            # The same calendar is always busy at the same hour: people plan around it.
            hour = 9 + sum(item["id"].encode()) % 8
            day = str(question.get("timeMin", ""))[:10]
            busy = [{"start": f"{day}T{hour:02d}:00:00+00:00", "end": f"{day}T{hour:02d}:30:00+00:00"}]
            calendars[item["id"]] = {"busyTimes" if behaviour.schema == "changed" else "busy": busy}
        window = {"timeMin": question.get("timeMin"), "timeMax": question.get("timeMax")}
        return {"kind": "calendar#freeBusy", **window, "calendars": calendars}

    # Telegram

    def _telegram(self, request: Request, behaviour: Behaviour, failing: int) -> Answer:
        found = re.fullmatch(r"/bot([^/]+)/(\w+)", request.path)
        if found is None or ":" not in urllib.parse.unquote(found[1]):
            return _telegram_error(404, "Not Found")
        if failing == 429:
            wait = behaviour.retry_after or 5
            return _telegram_error(429, f"Too Many Requests: retry after {wait}", {"retry_after": wait})
        if failing:
            return _telegram_error(failing, behaviour.reason or _PHRASES.get(failing, "Error"))
        bot = {
            "id": 7_000_000_001,
            "is_bot": True,
            "first_name": "Scheduler",
            "username": "meeting_scheduler_bot",
        }
        if found[2] == "getMe":
            return 200, {}, {"ok": True, "result": bot}
        if found[2] != "sendMessage":
            return _telegram_error(404, "Not Found")
        body = request.json()
        if not body.get("text"):
            return _telegram_error(400, "Bad Request: message text is empty")
        if not isinstance(body.get("chat_id"), int):
            return _telegram_error(400, "Bad Request: chat not found")
        self._message_ids += 1
        result = {
            "message_id": self._message_ids,
            "from": bot,
            "chat": {"id": body["chat_id"], "type": "private"},
            "date": int(time.time()),
            "text": body["text"],
        }
        if behaviour.schema == "changed":
            result["messageId"] = result.pop("message_id")
        return 200, {}, {"ok": True, "result": result}

    # Control

    async def _serve_control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await _read_request(reader)) is not None:
                try:
                    state = await self.control(request.json()) if request.method == "POST" else self.state()
                    status, content = 200, json.dumps(state).encode()
                except ValueError as error:
                    status, content = 400, json.dumps({"error": str(error)}).encode()
                head = f"HTTP/1.1 {status} {_PHRASES[status]}\r\nContent-Type: application/json\r\n"
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
    head = await reader.readuntil(b"\r\n\r\n") if not reader.at_eof() else b""
    if not head:
        return None
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


def _operation(request: Request) -> str:
    last = request.path.rsplit("/", 1)[-1]
    return {"POST": "", "GET": "GET "}.get(request.method, f"{request.method} ") + (
        "event" if request.method == "PATCH" else last
    )


def _timestamp() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())


def _waiting(behaviour: Behaviour) -> Headers:
    return {"retry-after": str(behaviour.retry_after)} if behaviour.retry_after else {}


def _telegram_error(code: int, description: str, parameters: dict[str, int] | None = None) -> Answer:
    body: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    return code, {}, body | ({"parameters": parameters} if parameters else {})


def _google_error(code: int, reason: str = "") -> dict[str, Any]:
    usual_reason, domain, message = _GOOGLE_ERRORS.get(code, ("backendError", "global", "Backend Error"))
    reason = reason or usual_reason
    if code == 403 and "ateLimit" not in reason:
        domain, message = "global", "Forbidden"
    return {
        "error": {
            "code": code,
            "message": message,
            "errors": [{"domain": domain, "reason": reason, "message": message}],
        }
    }


_SCOPE = "https://www.googleapis.com/auth/calendar"
_OAUTH_ERRORS = {
    "invalid_grant": "Token has been expired or revoked.",
    "invalid_client": "The OAuth client was not found.",
    "unauthorized_client": "Unauthorized",
    "invalid_scope": "Some requested scopes were invalid.",
}
_GOOGLE_ERRORS = {
    400: ("required", "global", "Missing end time."),
    401: ("authError", "global", "Invalid Credentials"),
    403: ("userRateLimitExceeded", "usageLimits", "User Rate Limit Exceeded"),
    404: ("notFound", "global", "Not Found"),
    409: ("duplicate", "global", "The requested identifier already exists."),
    410: ("deleted", "global", "Resource has been deleted"),
    429: ("rateLimitExceeded", "usageLimits", "Rate Limit Exceeded"),
    500: ("backendError", "global", "Backend Error"),
    503: ("backendError", "global", "Service Unavailable"),
}
_PHRASES = {
    200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 409: "Conflict",
    410: "Gone", 429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway",
    503: "Service Unavailable", 504: "Gateway Timeout",
}  # fmt: skip


async def _run(port_file: Path, folder: Path, seed: int) -> None:
    fakes = Fakes(folder, seed)
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
    parser.add_argument("--port-file", type=Path, required=True)
    parser.add_argument("--certificates", type=Path, help="folder for the certificates, a temporary one otherwise")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="certificates-") as temporary:
        asyncio.run(_run(options.port_file, options.certificates or Path(temporary), options.seed))


if __name__ == "__main__":
    main()
