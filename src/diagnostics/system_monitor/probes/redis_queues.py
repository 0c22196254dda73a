"""What Redis says, read: where it is, who waits on it, and the messages of task queues (pure)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

_SCHEMES = ("redis", "rediss")
#: Commands in which a consumer waits for the next message.
_BLOCKING = frozenset({"brpop", "blpop", "brpoplpush", "blmove", "blmpop", "bzpopmin", "bzmpop", "xreadgroup", "xread"})
_HIDDEN = re.compile(r"\.pidbox$|^celeryev|\.reply\.")
_QUEUES = re.compile(r"^(?:rq:queue:|dramatiq:(?!__))[\w.:-]+$")
#: Between the parts of a binding, and before the priority of a queue (kombu).
SEPARATOR = "\x06\x16"
BINDING = "_kombu.binding."


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One Redis that the application was told of.

    Attributes:
        url: With its password: never shown.
        databases: The numbers that are named somewhere.
        named_by: Variables (or ``--service``) that name it.
    """

    url: str = field(repr=False)
    host: str
    port: int
    databases: tuple[int, ...]
    named_by: tuple[str, ...]

    @property
    def label(self) -> str:
        return f"{self.host}:{self.port}"


def is_redis(url: str) -> bool:
    """Whether a URL names a Redis."""
    return url.partition("://")[0].lower() in _SCHEMES


def servers_of(environments: Iterable[Mapping[str, str]], urls: Iterable[str] = ()) -> tuple[Server, ...]:
    """Return each Redis that is named by a URL, or by ``…REDIS_HOST`` with its port and password, once."""
    named = [("--service", url) for url in urls]
    for environment in environments:
        texts = [(name, part.strip()) for name, value in environment.items() for part in value.split(";")]
        found = [(name, text) for name, text in texts if is_redis(text)]
        named += found or _from_parts(environment)
    servers: dict[tuple[str, int, str | None, str | None], Server] = {}
    for name, url in named:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "localhost", parts.port or 6379
        except ValueError:
            continue
        if parts.scheme not in _SCHEMES:
            continue
        number = parts.path.strip("/")
        database = int(number) if number.isdecimal() else 0
        key = (host, port, parts.username, parts.password)
        known = servers.get(key)
        servers[key] = Server(
            url=known.url if known else _as_redis_py(url),
            host=host,
            port=port,
            databases=tuple(sorted({database, *(known.databases if known else ())})),
            named_by=tuple(sorted({name, *(known.named_by if known else ())})),
        )
    return tuple(servers.values())


def _as_redis_py(url: str) -> str:
    """Return a URL as redis-py reads it: Celery writes the options of TLS in another way."""
    return re.sub(r"(ssl_cert_reqs=)(?:CERT_|ssl\.CERT_)(\w+)", lambda found: found[1] + found[2].lower(), url)


def _from_parts(environment: Mapping[str, str]) -> list[tuple[str, str]]:
    found = []
    for name, host in environment.items():
        if not name.upper().endswith("REDIS_HOST") or not host:
            continue
        prefix = name[: -len("HOST")]
        port = environment.get(f"{prefix}PORT", "") or "6379"
        password = environment.get(f"{prefix}PASSWORD", "")
        number = environment.get(f"{prefix}DB", "") or "0"
        secret = f":{quote(password, safe='')}@" if password else ""
        found.append((name, f"redis://{secret}{host}:{port}/{number}"))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One connection in Redis' list."""

    database: int
    command: str
    waits: bool  # blocked until something comes
    patterns: int  # that it is subscribed to
    idle: float
    host: str
    name: str


def clients_of(entries: Iterable[Mapping[str, str]]) -> tuple[Client, ...]:
    """Return the entries of CLIENT LIST."""
    return tuple(
        Client(
            database=_number(entry.get("db")),
            command=entry.get("cmd", "").partition("|")[0].lower(),
            waits="b" in entry.get("flags", ""),
            patterns=_number(entry.get("psub")),
            idle=float(_number(entry.get("idle"))),
            host=entry.get("addr", "").rpartition(":")[0],
            name=entry.get("name", ""),
        )
        for entry in entries
    )


def consumers(clients: Iterable[Client], database: int) -> int:
    """Return how many connections wait for a message in this database."""
    return sum(client.waits and client.command in _BLOCKING and client.database == database for client in clients)


def listeners(clients: Iterable[Client]) -> int:
    """Return how many connections are subscribed to patterns, as each Celery worker is to its remote control."""
    return sum(client.patterns > 0 for client in clients)


def queues_of(keys: Iterable[str], bindings: Iterable[str]) -> tuple[str, ...]:
    """Return the names of queues among keys, and in the members of kombu's bindings."""
    bound = (member.rpartition(SEPARATOR)[2] for member in bindings)
    visible = {name for name in bound if name and not _HIDDEN.search(name)}
    return tuple(sorted(visible | {key for key in keys if _QUEUES.match(key)}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A task that waits, or that a worker holds."""

    id: str
    task: str
    retries: int
    redelivered: bool


def message_of(text: str | bytes) -> Message | None:
    """Return a Celery message, from a queue or from what is not acknowledged; None for anything else."""
    try:
        body = json.loads(text)
    except ValueError:
        return None
    if isinstance(body, list) and body:
        body = body[0]
    if not isinstance(body, dict):
        return None
    headers, properties = body.get("headers"), body.get("properties")
    if not isinstance(headers, dict) or not isinstance(properties, dict) or not headers.get("task"):
        return None
    delivery = properties.get("delivery_info")
    redelivered = headers.get("redelivered") or (isinstance(delivery, dict) and delivery.get("redelivered"))
    return Message(
        id=str(headers.get("id", "")),
        task=str(headers["task"]),
        retries=_number(str(headers.get("retries") or 0)),
        redelivered=bool(redelivered),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """One moment of one database's queues."""

    lengths: Mapping[str, int]
    held: int  # delivered, not yet acknowledged
    consumers: int
    listeners: int
    messages: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """One message that came again."""

    message: Message
    rise: int


def retried(glances: Sequence[Glance]) -> tuple[Retried, ...]:
    """Return the messages that were tried before, and how often they came again while we looked; the worst first."""
    seen: dict[str, list[Message]] = {}
    for glance in glances:
        for message in glance.messages:
            seen.setdefault(message.id, []).append(message)
    found = [
        Retried(message=last, rise=last.retries - min(m.retries for m in messages))
        for messages in seen.values()
        if (last := max(messages, key=lambda m: m.retries)).retries > 0 or last.redelivered
    ]
    return tuple(sorted(found, key=lambda one: (-one.rise, -one.message.retries, one.message.id)))


def counts(info: Mapping[str, object], prefix: str) -> dict[str, float]:
    """Return counters of INFO's sections of the kind ``errorstat_OOM:count=3`` by their name."""
    found: dict[str, float] = {}
    for name, value in info.items():
        if not name.startswith(prefix):
            continue
        counter = value.get("count", value.get("calls")) if isinstance(value, Mapping) else None
        if isinstance(counter, int | float):
            found[name.removeprefix(prefix)] = float(counter)
    return found


def _number(text: str | None) -> int:
    try:
        return int(text or 0)
    except ValueError:
        return 0
