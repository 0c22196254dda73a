"""Redis as cache and as broker: does it answer, has it room, and who takes the tasks that wait in it."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from diagnostics.errors import MissingExtraError
from diagnostics.model.observation import FailureKind, Observation, ProbeFailure, Unit
from diagnostics.runtime import host
from diagnostics.runtime.clock import Clock
from diagnostics.system_monitor.probes.notes import Notes, clean
from diagnostics.system_monitor.probes.redis_queues import (
    BINDING,
    SEPARATOR,
    Client,
    Glance,
    Message,
    Server,
    clients_of,
    consumers,
    counts,
    listeners,
    message_of,
    queues_of,
    retried,
    servers_of,
)

DEADLINE_SECONDS = 9.0
TIMEOUT_SECONDS = 1.5
MOST_SERVERS = 4
MOST_DATABASES = 4
MOST_CLIENTS = 2_000
"""With more, their list is left alone: it costs the server memory."""
_GLANCES = 8
_SCANS = 10
_MESSAGES = 20
_PRIORITIES = ("", *(f"{SEPARATOR}{step}" for step in (3, 6, 9)))
_DEFAULT_QUEUE = "celery"


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisProbe:
    """Looks at each Redis that the processes' variables name, or that was given; only reads.

    Attributes:
        pids: Processes whose variables are read.
        urls: ``redis://`` URLs that were given.
        window_seconds: Time over which queues and counters are watched.
    """

    pids: tuple[int, ...] = ()
    urls: tuple[str, ...] = ()
    window_seconds: float = 2.0
    name: str = "redis.connect"

    @property
    def deadline_seconds(self) -> float:
        return DEADLINE_SECONDS

    def observe(self, clock: Clock) -> Iterable[Observation]:
        """Yield the readings of docs/reference/observations.md, section Redis; nothing where no Redis is named."""
        servers = servers_of(_environments(self.pids), self.urls)[:MOST_SERVERS]
        if not servers:
            return
        client_of = _client_of()
        looks: list[_Look] = []
        for server in servers:
            notes = Notes(clock.now(), "INFO", (("server", server.label),))
            look = _Look(server, client_of, notes)
            started = clock.monotonic()
            try:
                look.begin(clock)
            except Exception as error:  # noqa: BLE001 - whatever the client raises is what the application meets
                yield failure_of(error, server, notes, clock.monotonic() - started)
                look.close()
                continue
            yield notes.reading(
                "redis.connect", clock.monotonic() - started, Unit.SECONDS, named_by=",".join(server.named_by)
            )
            looks.append(look)
        try:
            for _ in range(_GLANCES if looks else 0):
                clock.sleep(self.window_seconds / _GLANCES)
                for look in looks:
                    look.glance(clock)
            for look in looks:
                yield from look.end(clock)
        finally:
            for look in looks:
                look.close()


def _environments(pids: Iterable[int]) -> Iterator[Mapping[str, str]]:
    for pid in pids:
        try:
            yield host.environment(pid)
        except OSError:
            continue  # said by the process probe


def _client_of() -> Callable[[str], Any]:
    """Return what makes a client of a URL; it asks once and gives up soon.

    Raises:
        MissingExtraError: The library is not installed.
    """
    try:
        from redis import Redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry
    except ImportError as error:
        raise MissingExtraError("redis", needed_for="Looking into Redis") from error

    def client(url: str) -> Any:
        return Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            client_name="diagnose",
            single_connection_client=True,
        )

    return client


class _Look:
    """One server from the first to the last sample."""

    def __init__(self, server: Server, client_of: Callable[[str], Any], notes: Notes) -> None:
        self.server = server
        self.client: Any = None
        self._client_of = client_of
        self.notes = notes
        self.first: Mapping[str, Any] = {}
        self.moment = 0.0
        self.pings: list[float] = []
        self.databases: dict[int, list[Glance]] = {}
        self.queues: dict[int, tuple[str, ...]] = {}
        self.clients: tuple[Client, ...] = ()
        self.trouble: ProbeFailure | None = None

    def begin(self, clock: Clock) -> None:
        """Connect, and find out what there is."""
        self.client = self._client_of(self.server.url)
        self.client.ping()
        self.moment = clock.monotonic()
        self.first = self._info()
        if self.first.get("loading"):
            return
        keyspace = [int(name[2:]) for name in self.first if name.startswith("db") and name[2:].isdecimal()]
        for database in sorted({*keyspace, *self.server.databases})[:MOST_DATABASES]:
            try:
                self.queues[database] = self._find_queues(database)
                self.databases[database] = []
            except Exception as error:  # noqa: BLE001 - rights may be missing for one thing and not for another
                self.trouble = failure_of(error, self.server, self.notes, name="redis.queue.length")

    def glance(self, clock: Clock) -> None:
        """Take one sample of queues and connections."""
        if self.trouble is not None:
            return
        try:
            started = clock.monotonic()
            self.client.ping()
            self.pings.append(clock.monotonic() - started)
            if int(self.first.get("connected_clients", 0)) <= MOST_CLIENTS:
                self.clients = clients_of(self.client.client_list())
            for database, queues in self.queues.items():
                self.databases[database].append(self._glance(database, queues))
        except Exception as error:  # noqa: BLE001 - what was read before is still worth something
            self.trouble = failure_of(error, self.server, self.notes, name="redis.queue.length")

    def end(self, clock: Clock) -> Iterator[Observation]:
        """Yield everything that was seen."""
        if self.trouble is not None:
            yield self.trouble
        try:
            last = self._info()
        except Exception as error:  # noqa: BLE001 - it went away while we looked
            yield failure_of(error, self.server, self.notes)
            last = self.first
        window = max(0.1, clock.monotonic() - self.moment)
        notes = Notes(clock.now(), "INFO", self.notes.labels)
        if self.pings:
            yield notes.of("PING").reading("redis.ping", max(self.pings), Unit.SECONDS)
        yield from server_readings(self.first, last, window, notes)
        yield from _groups(self.clients, notes.of("CLIENT LIST"))
        for database, glances in self.databases.items():
            yield from queue_readings(database, glances, window, notes.of("LLEN, HLEN, CLIENT LIST"))

    def close(self) -> None:
        if self.client is not None:
            self.client.close()

    def _info(self) -> Mapping[str, Any]:
        return dict(self.client.info("everything"))

    def _find_queues(self, database: int) -> tuple[str, ...]:
        keys: list[str] = []
        cursor = 0
        self._select(database)
        for _ in range(_SCANS):
            cursor, found = self.client.execute_command("SCAN", cursor, "COUNT", 1000)
            keys += [_text(key) for key in found]
            if int(cursor) == 0:
                break
        bindings = [key for key in keys if key.startswith(BINDING) and not key.endswith(".pidbox")]
        members = [_text(m) for key in bindings for m in self.client.execute_command("SMEMBERS", key)]
        names = queues_of(keys, members)
        is_broker = bool(bindings) or "unacked" in keys or _DEFAULT_QUEUE in keys
        return (*names, _DEFAULT_QUEUE) if is_broker and _DEFAULT_QUEUE not in names else names

    def _glance(self, database: int, queues: tuple[str, ...]) -> Glance:
        self._select(database)
        lengths: dict[str, int] = {}
        messages: list[Message | None] = []
        for queue in queues:
            lengths[queue] = sum(int(self.client.execute_command("LLEN", queue + step)) for step in _PRIORITIES)
            if lengths[queue]:
                waiting = self.client.execute_command("LRANGE", queue, -_MESSAGES, -1)
                messages += [message_of(text) for text in waiting]
        held = int(self.client.execute_command("HLEN", "unacked")) if queues else 0
        if 0 < held <= _MESSAGES:
            messages += [message_of(text) for text in self.client.execute_command("HVALS", "unacked")]
        return Glance(
            lengths=lengths,
            held=held,
            consumers=consumers(self.clients, database),
            listeners=listeners(self.clients),
            messages=tuple(message for message in messages if message is not None),
        )

    def _select(self, database: int) -> None:
        """Ask the next questions in that database: the client keeps one connection, and nobody else uses it."""
        self.client.execute_command("SELECT", database)


def server_readings(
    first: Mapping[str, Any], last: Mapping[str, Any], window: float, notes: Notes
) -> Iterator[Observation]:
    """Yield what two answers of INFO say."""

    def number(name: str) -> float:
        value = last.get(name, 0)
        return float(value) if isinstance(value, int | float) else 0.0

    def rate(name: str) -> float:
        before = first.get(name, 0)
        return max(0.0, number(name) - (float(before) if isinstance(before, int | float) else 0.0)) / window

    yield notes.reading("redis.uptime", number("uptime_in_seconds"), Unit.SECONDS)
    yield notes.flag("redis.loading", bool(number("loading")))
    yield notes.flag("redis.role", role=str(last.get("role", "")), link=str(last.get("master_link_status", "")))
    yield notes.reading("redis.memory.used", number("used_memory"), Unit.BYTES)
    policy = str(last.get("maxmemory_policy", ""))
    yield notes.reading("redis.memory.limit", number("maxmemory"), Unit.BYTES, policy=policy)
    yield notes.reading("redis.clients.connected", number("connected_clients"), Unit.COUNT)
    yield notes.reading("redis.clients.limit", number("maxclients"), Unit.COUNT)
    yield notes.reading("redis.clients.rejected_rate", rate("rejected_connections"), Unit.PER_SECOND)
    yield notes.reading("redis.clients.rejected", number("rejected_connections"), Unit.COUNT)
    yield notes.reading("redis.commands.rate", rate("total_commands_processed"), Unit.PER_SECOND)
    yield notes.reading("redis.keys.evicted_rate", rate("evicted_keys"), Unit.PER_SECOND)
    for name, value in last.items():
        if name.startswith("db") and isinstance(value, Mapping) and "keys" in value:
            yield notes.reading("redis.keys", float(value["keys"]), Unit.COUNT, database=name[2:])
            yield notes.reading("redis.keys.expiring", float(value.get("expires", 0)), Unit.COUNT, database=name[2:])
    for kind in ("rdb_last_bgsave_status", "aof_last_write_status"):
        if kind in last:
            yield notes.flag("redis.persistence.ok", str(last[kind]) == "ok", kind=kind)
    before = counts(first, "errorstat_")
    for error, total in sorted(counts(last, "errorstat_").items()):
        risen = max(0.0, total - before.get(error, 0.0))
        yield notes.reading("redis.errors", total, Unit.COUNT, error=clean(error, 60))
        yield notes.reading("redis.errors.rate", risen / window, Unit.PER_SECOND, error=clean(error, 60))


def queue_readings(database: int, glances: list[Glance], window: float, notes: Notes) -> Iterator[Observation]:
    """Yield what a window of glances says of the queues in one database; nothing where there are none."""
    if not glances or not glances[-1].lengths:
        return
    of = notes.of(database=database)
    for queue in glances[-1].lengths:
        lengths = [glance.lengths.get(queue, 0) for glance in glances]
        yield of.reading("redis.queue.length", lengths[-1], Unit.COUNT, queue=clean(queue, 100), least=min(lengths))
        growth = (lengths[-1] - lengths[0]) / window
        yield of.reading("redis.queue.growth", growth, Unit.PER_SECOND, queue=clean(queue, 100))
    yield of.reading("redis.queue.held", max(g.held for g in glances), Unit.COUNT)
    yield of.reading("redis.queue.consumers", max(g.consumers for g in glances), Unit.COUNT)
    yield of.reading("redis.queue.listeners", max(g.listeners for g in glances), Unit.COUNT)
    tasks = Counter(message.task for message in glances[-1].messages)
    for task, number in tasks.most_common(5):
        yield of.reading("redis.queue.waiting", number, Unit.COUNT, task=clean(task, 100))
    for one in retried(glances)[:5]:
        yield of.reading(
            "redis.queue.retried",
            one.message.retries,
            Unit.COUNT,
            task=clean(one.message.task, 100),
            id=clean(one.message.id, 60),
            rise=one.rise,
            redelivered=str(one.message.redelivered).lower(),
        )


def _groups(clients: Iterable[Client], notes: Notes) -> Iterator[Observation]:
    """Yield who is connected: the five biggest groups by host, name and last command."""
    groups: dict[tuple[str, str, str], list[float]] = {}
    for client in clients:
        groups.setdefault((client.host, client.name, client.command), []).append(client.idle)
    for (address, name, command), idle in sorted(groups.items(), key=lambda item: -len(item[1]))[:5]:
        longest = f"{max(idle):.0f}"
        yield notes.reading(
            "redis.clients", len(idle), Unit.COUNT, host=address, name=clean(name, 60), command=command, idle=longest
        )


#: Words of the server's own answers -> what they mean.
_SAID: tuple[tuple[str, FailureKind, str], ...] = (
    ("max number of clients", FailureKind.EXHAUSTED, "maxclients"),
    ("wrongpass", FailureKind.AUTHENTICATION, "wrong_password"),
    ("invalid username-password", FailureKind.AUTHENTICATION, "wrong_password"),
    ("noauth", FailureKind.AUTHENTICATION, "no_password"),
    ("authentication required", FailureKind.AUTHENTICATION, "no_password"),
    ("without any password configured", FailureKind.AUTHENTICATION, "no_password_wanted"),
    ("noperm", FailureKind.FORBIDDEN, "no_permission"),
    ("no permissions to", FailureKind.FORBIDDEN, "no_permission"),
    ("loading the dataset", FailureKind.PROTOCOL, "loading"),
    ("misconf", FailureKind.PROTOCOL, "bgsave"),
)


def failure_of(
    error: BaseException, server: Server, notes: Notes, seconds: float = 0.0, *, name: str = "redis.connect"
) -> ProbeFailure:
    """Return the failure that an exception of the client stands for: the server's words first, then the socket's."""
    text = str(error) or type(error).__name__
    kind, reason = FailureKind.ERROR, ""
    for words, said, meaning in _SAID:
        if words in text.lower():
            kind, reason = said, meaning
            break
    else:
        chain = [error, *_causes(error)]
        kind = next((found for one in chain if (found := _socket_kind(one)) is not None), kind)
    failure = notes.failure(
        name,
        kind,
        f"{server.label}: {text}",
        "",
        reason=reason,
        named_by=",".join(server.named_by),
    )
    return ProbeFailure(
        name=failure.name,
        kind=failure.kind,
        message=failure.message,
        at=failure.at,
        source="PING",
        labels=failure.labels,
        elapsed_seconds=seconds,
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error.__cause__ or error.__context__
    for _ in range(5):
        if seen is None:
            return
        yield seen
        seen = seen.__cause__ or seen.__context__


def _socket_kind(error: BaseException) -> FailureKind | None:
    if isinstance(error, socket.gaierror):
        unknown = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
        return FailureKind.DNS_NOT_FOUND if error.errno in unknown else FailureKind.DNS_UNAVAILABLE
    if isinstance(error, ConnectionRefusedError):
        return FailureKind.REFUSED
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return FailureKind.RESET
    if isinstance(error, TimeoutError) or type(error).__name__ == "TimeoutError":
        return FailureKind.TIMEOUT
    if isinstance(error, OSError) and type(error).__module__ == "ssl":
        return FailureKind.TLS
    return None


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
