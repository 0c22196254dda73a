"""Detectors of Redis, task queues and schedulers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from diagnostics.causal_map.detect import (
    CERTAIN,
    HINT,
    RULED_OUT,
    STRONG,
    TYPICAL,
    UNLIKELY,
    absent,
    failure_of,
    label_number,
    percent,
    present,
    seconds,
    size,
    unknown,
)
from diagnostics.model.finding import Evidence, Finding
from diagnostics.model.observation import FailureKind, ProbeFailure, Reading

Detector = Callable[[Evidence], Finding]

#: Of maxmemory; Redis refuses writes a little before its own count reaches the limit.
FULL = 0.97
#: Tasks that wait at once, from which on a queue is a pile.
A_FEW = 3
A_PILE = 20
#: Returns of one message within one look (about 2 s), from which on nobody waits between them.
AT_ONCE = 3
MANY_RETRIES = 20
SLOW_PING_SECONDS = 0.1

#: Texts of these come from a worker whose tasks fail or get lost.
_TASKS_FAIL = frozenset({"celery-unregistered-task", "celery-worker-lost", "celery-time-limit-kills-task"})

_NOT_NAMED = "no Redis is named by the processes' variables or by --service"
_DOWN = (
    FailureKind.REFUSED,
    FailureKind.TIMEOUT,
    FailureKind.RESET,
    FailureKind.UNREACHABLE,
    FailureKind.DNS_NOT_FOUND,
    FailureKind.DNS_UNAVAILABLE,
)


def redis_down(evidence: Evidence) -> Finding:
    """Nobody answers at the address that the application was given."""
    found = failure_of(evidence, "redis.connect", *_DOWN)
    if found is not None:
        evidence_id, failure = found
        surest = failure.kind in (FailureKind.REFUSED, FailureKind.RESET, FailureKind.UNREACHABLE)
        strength = CERTAIN if surest else STRONG if failure.kind is FailureKind.TIMEOUT else TYPICAL
        return present(strength, f"Redis does not answer: {failure.message}", [evidence_id], _who(failure))
    if _connected(evidence):
        return absent(RULED_OUT, f"Redis answers ({_named(evidence)})")
    if evidence.observations.failures("redis.connect"):
        return absent(-3.0, "somebody answers at Redis' address")
    return unknown(_NOT_NAMED)


def redis_auth_wrong(evidence: Evidence) -> Finding:
    """The server refuses the credentials that the application has."""
    found = failure_of(evidence, "redis.connect", FailureKind.AUTHENTICATION)
    if found is not None:
        evidence_id, failure = found
        return present(
            CERTAIN, f"Redis refuses the application's credentials: {failure.message}", [evidence_id], _who(failure)
        )
    refused = _errors(evidence, "WRONGPASS", "NOAUTH", "NOPERM")
    if refused is not None:
        return present(TYPICAL, f"Redis refuses clients: {refused[1]}", [refused[0]])
    if _connected(evidence):
        return absent(RULED_OUT, "Redis takes the credentials that the processes' variables hold")
    return unknown(_NOT_NAMED if not evidence.observations.failures("redis.connect") else "Redis was not reached")


def redis_maxclients(evidence: Evidence) -> Finding:
    """As many connections as it may have."""
    for evidence_id, failure in evidence.observations.failures("redis.connect", reason="maxclients"):
        return present(CERTAIN, f"Redis accepts no more clients: {failure.message}", [evidence_id], _who(failure))
    limits = evidence.observations.indexed("redis.clients.limit")
    for evidence_id, limit in limits:
        server = limit.labels.get("server", "")
        used = evidence.observations.value("redis.clients.connected", 0.0, server=server) or 0.0
        rejected = evidence.observations.indexed("redis.clients.rejected_rate", server=server)
        if rejected and rejected[0][1].value > 0:
            sentence = f"Redis turned away {rejected[0][1].value:.2g} clients a second: {used:.0f} of {limit.value:.0f} are connected"
            return present(CERTAIN, sentence, [rejected[0][0], evidence_id], {"server": server})
        if limit.value > 0 and used >= limit.value - 1:
            sentence = f"{used:.0f} of {limit.value:.0f} clients are connected to Redis{_biggest(evidence, server)}"
            return present(STRONG, sentence, [evidence_id], {"server": server})
    if limits:
        return absent(RULED_OUT, "Redis has room for more clients")
    return unknown(_NOT_NAMED if not evidence.observations.failures("redis.connect") else "Redis was not reached")


def redis_maxmemory(evidence: Evidence) -> Finding:
    """At its limit, and nothing may be thrown away."""
    refused = _errors(evidence, "OOM")
    limits = evidence.observations.indexed("redis.memory.limit")
    for evidence_id, limit in limits:
        server = limit.labels.get("server", "")
        used = evidence.observations.value("redis.memory.used", 0.0, server=server) or 0.0
        policy = limit.labels.get("policy", "")
        full = limit.value > 0 and used >= FULL * limit.value
        if not full and refused is None:
            continue
        share = percent(used / limit.value) if limit.value else "?"
        sentence = f"Redis uses {size(used)}, {share} of maxmemory {size(limit.value)}, policy {policy}"
        if refused is not None:
            return present(
                CERTAIN, f"{sentence}; it refuses writes: {refused[1]}", [evidence_id, refused[0]], {"server": server}
            )
        if policy == "noeviction":
            return present(STRONG, sentence, [evidence_id], {"server": server})
        if policy.startswith("volatile") and not _sum(evidence, "redis.keys.expiring", server):
            return present(TYPICAL, f"{sentence}, and no key has a TTL", [evidence_id], {"server": server})
    if limits:
        return absent(RULED_OUT, "Redis has memory left")
    return unknown(_NOT_NAMED if not evidence.observations.failures("redis.connect") else "Redis was not reached")


def redis_loading(evidence: Evidence) -> Finding:
    """It reads its file and answers nothing else."""
    for evidence_id, failure in evidence.observations.failures("redis.connect", reason="loading"):
        return present(CERTAIN, f"Redis loads its data: {failure.message}", [evidence_id], _who(failure))
    readings = evidence.observations.indexed("redis.loading")
    for evidence_id, reading in readings:
        if reading.value:
            return present(CERTAIN, "Redis loads its data", [evidence_id], {"server": reading.labels.get("server", "")})
    return absent(RULED_OUT, "Redis has its data loaded") if readings else unknown(_NOT_NAMED)


def redis_read_only(evidence: Evidence) -> Finding:
    """A replica is asked to write."""
    refused = _errors(evidence, "READONLY")
    replicas = [(i, r) for i, r in evidence.observations.indexed("redis.role") if r.labels.get("role") == "slave"]
    if refused is not None:
        return present(CERTAIN, f"Redis refuses to write: {refused[1]}", [refused[0], *(i for i, _ in replicas)])
    if replicas:
        return present(HINT, "the Redis of the application is a replica", [i for i, _ in replicas])
    if _connected(evidence):
        return absent(RULED_OUT, "Redis is a primary")
    return unknown(_NOT_NAMED)


def redis_bgsave(evidence: Evidence) -> Finding:
    """It cannot write its file, and takes no writes until it can."""
    refused = _errors(evidence, "MISCONF")
    states = evidence.observations.indexed("redis.persistence.ok")
    failed = [i for i, r in states if not r.value]
    if refused is not None:
        return present(CERTAIN, f"Redis refuses writes because it cannot save: {refused[1]}", [refused[0], *failed])
    if failed:
        return present(TYPICAL, "Redis could not write its file the last time", failed)
    return absent(RULED_OUT, "Redis can write its files") if states else unknown(_NOT_NAMED)


def redis_slow(evidence: Evidence) -> Finding:
    """Even a PING waits: one thread serves all, and something keeps it."""
    pings = evidence.observations.indexed("redis.ping")
    for evidence_id, reading in pings:
        if reading.value > SLOW_PING_SECONDS:
            strength = STRONG if reading.value > 3 * SLOW_PING_SECONDS else TYPICAL
            return present(strength, f"Redis needs {seconds(reading.value)} for a PING", [evidence_id])
    return absent(-3.0, "Redis answers a PING at once") if pings else unknown(_NOT_NAMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Queues:
    """One broker's database."""

    server: str
    database: str
    evidence: tuple[str, ...]
    waiting: float
    least: float
    growth: float
    held: float
    consumers: float
    listeners: float
    longest: str

    @property
    def said(self) -> str:
        rising = f", {self.growth:+.2g} a second" if self.growth else ""
        return f"{self.waiting:.0f} tasks wait in queue {self.longest}{rising}"


def _queues(evidence: Evidence) -> list[_Queues]:
    """Return what is known of each broker's queues, the fullest first."""
    found = []
    places = Counter(
        (r.labels.get("server", ""), r.labels.get("database", ""))
        for r in evidence.observations.readings("redis.queue.length")
        if {"server", "database"} <= r.labels.keys()
    )
    for server, database in places:
        where = {"server": server, "database": database}
        lengths = evidence.observations.indexed("redis.queue.length", **where)
        longest = max(lengths, key=lambda pair: pair[1].value)[1]

        def one(name: str, where: dict[str, str] = where) -> float:
            return evidence.observations.value(name, 0.0, **where) or 0.0

        consuming = evidence.observations.indexed("redis.queue.consumers", **where)
        found.append(
            _Queues(
                server=server,
                database=database,
                evidence=tuple(i for i, _ in [*lengths, *consuming]),
                waiting=sum(r.value for _, r in lengths),
                least=sum(label_number(r, "least") for _, r in lengths),
                growth=sum(r.value for r in evidence.observations.readings("redis.queue.growth", **where)),
                held=one("redis.queue.held"),
                consumers=one("redis.queue.consumers"),
                listeners=one("redis.queue.listeners"),
                longest=longest.labels.get("queue", ""),
            )
        )
    return sorted(found, key=lambda queues: -queues.waiting)


def _subject(queues: _Queues) -> dict[str, str]:
    return {"server": queues.server, "queue": queues.longest}


def no_worker(evidence: Evidence) -> Finding:
    """Tasks wait, and nobody is connected who could take them."""
    brokers = _queues(evidence)
    if not brokers:
        return unknown("no task queue was seen in a Redis of the application")
    for queues in brokers:
        if queues.consumers or queues.listeners or not queues.waiting:
            continue
        strength = CERTAIN if queues.waiting >= A_FEW and queues.least > 0 else STRONG
        sentence = f"{queues.said}; no worker is connected to the broker {queues.server}"
        return present(strength, sentence, queues.evidence, _subject(queues))
    if any(queues.consumers for queues in brokers):
        return absent(RULED_OUT, "workers wait for tasks at the broker")
    if any(queues.listeners for queues in brokers):
        return absent(-4.0, "workers are connected to the broker")
    return absent(UNLIKELY, "no task waits")


def worker_deaf(evidence: Evidence) -> Finding:
    """A worker is connected, holds nothing, and takes nothing of what waits."""
    brokers = _queues(evidence)
    if not brokers:
        return unknown("no task queue was seen in a Redis of the application")
    for queues in brokers:
        if queues.listeners and not queues.consumers and not queues.held and queues.least > 0 and queues.growth >= 0:
            strength = CERTAIN if queues.waiting >= A_FEW else STRONG
            sentence = f"{queues.said}; a worker is connected, but it neither waits for tasks nor holds one"
            return present(strength, sentence, queues.evidence, _subject(queues))
    if any(queues.consumers for queues in brokers):
        return absent(RULED_OUT, "workers wait for tasks at the broker")
    if not any(queues.listeners for queues in brokers):
        return absent(-4.0, "no worker is connected to the broker")
    return absent(UNLIKELY, "workers hold tasks, or none waits")


def backlog(evidence: Evidence) -> Finding:
    """Workers take tasks, and more come than they finish."""
    brokers = _queues(evidence)
    if not brokers:
        return unknown("no task queue was seen in a Redis of the application")
    for queues in brokers:
        works = queues.held > 0 or queues.consumers > 0
        if works and queues.least >= A_PILE and queues.growth >= 0:
            sentence = f"{queues.said}, while workers hold {queues.held:.0f}"
            return present(STRONG if queues.growth > 0 else TYPICAL, sentence, queues.evidence, _subject(queues))
    if all(queues.least < A_FEW for queues in brokers):
        return absent(-4.0, "hardly any task waits")
    return absent(-1.0, "few tasks wait, or nobody works on them")


def poison_message(evidence: Evidence) -> Finding:
    """One message comes back again and again, without a pause."""
    for evidence_id, reading in evidence.observations.indexed("redis.queue.retried"):
        task, id_ = reading.labels.get("task", ""), reading.labels.get("id", "")
        rise = label_number(reading, "rise")
        subject = {"task": task, "id": id_}
        if rise >= AT_ONCE:
            sentence = f"task {task} [{id_}] was tried again {rise:.0f} times while we looked, {reading.value:.0f} times in all"
            return present(CERTAIN, sentence, [evidence_id], subject)
        if reading.value >= MANY_RETRIES:
            return present(STRONG, f"task {task} [{id_}] was tried {reading.value:.0f} times", [evidence_id], subject)
    if evidence.observations.readings("redis.queue.length"):
        return absent(-3.0, "no message comes again and again")
    return unknown("no task queue was seen in a Redis of the application")


def scheduler_twice(evidence: Evidence) -> Finding:
    """Two clocks start the same application's jobs."""
    schedulers = evidence.observations.indexed("process.scheduler")
    of_app: dict[str, list[tuple[str, Reading]]] = {}
    for evidence_id, reading in schedulers:
        of_app.setdefault(reading.labels.get("app", ""), []).append((evidence_id, reading))
    for app, several in of_app.items():
        if len(several) > 1:
            who = ", ".join(f"pid {r.labels.get('pid')} since {seconds(r.value)}" for _, r in several)
            kind = several[0][1].labels.get("kind", "scheduler")
            sentence = f"{len(several)} schedulers ({kind}) run for {app or 'the same application'}: {who}"
            return present(CERTAIN, sentence, [i for i, _ in several], {"app": app})
    if schedulers:
        return absent(-4.0, "one scheduler runs on this host")
    return unknown("no scheduler was seen on this host")


def jobs_stall(evidence: Evidence) -> Finding:
    """Background work is not worked off: it piles up, whoever is to blame."""
    brokers = _queues(evidence)
    for queues in brokers:
        if queues.waiting >= A_FEW and queues.least > 0 and queues.growth >= 0:
            strength = STRONG if queues.waiting >= A_PILE or not queues.consumers else TYPICAL
            return present(strength, queues.said, queues.evidence, _subject(queues))
    failing = [m for m in evidence.signatures if m.place == "log" and m.count > 0 and m.mechanism in _TASKS_FAIL]
    if failing:
        most = max(failing, key=lambda match: match.count)
        ids = [m.evidence_id for m in failing if m.evidence_id]
        return present(TYPICAL, f"the worker's log says {most.count} time(s): {most.text[:160]}", ids)
    if brokers:
        return absent(-0.7, "tasks do not pile up")
    return unknown("no task queue was seen")


# What they share


def _connected(evidence: Evidence) -> bool:
    return bool(evidence.observations.readings("redis.connect"))


def _named(evidence: Evidence) -> str:
    return ", ".join(sorted({r.labels.get("server", "") for r in evidence.observations.readings("redis.connect")}))


def _who(failure: ProbeFailure) -> dict[str, str]:
    return {key: failure.labels[key] for key in ("server", "named_by") if failure.labels.get(key)}


def _errors(evidence: Evidence, *prefixes: str) -> tuple[str, str] | None:
    """Return the evidence and the words of an error that Redis answered while we looked."""
    for evidence_id, reading in evidence.observations.indexed("redis.errors.rate"):
        error = reading.labels.get("error", "")
        if reading.value > 0 and error.upper().startswith(prefixes):
            return evidence_id, f"{error}, {reading.value:.2g} times a second"
    return None


def _sum(evidence: Evidence, name: str, server: str) -> float:
    return sum(reading.value for reading in evidence.observations.readings(name, server=server))


def _biggest(evidence: Evidence, server: str) -> str:
    groups = evidence.observations.readings("redis.clients", server=server)
    if not groups:
        return ""
    most = max(groups, key=lambda reading: reading.value)
    name = most.labels.get("name") or most.labels.get("host", "")
    return f", {most.value:.0f} of them from {name}, idle for up to {most.labels.get('idle', '?')} s"


DETECTORS: dict[str, Detector] = {
    "redis-down": redis_down,
    "redis-auth-wrong": redis_auth_wrong,
    "redis-maxclients-reached": redis_maxclients,
    "redis-maxmemory-noeviction": redis_maxmemory,
    "redis-loading-dataset": redis_loading,
    "redis-readonly-replica": redis_read_only,
    "redis-bgsave-failing": redis_bgsave,
    "redis-slow-command-blocks": redis_slow,
    "celery-no-worker": no_worker,
    "celery-worker-deaf-after-reconnect": worker_deaf,
    "queue-backlog-consumers-too-slow": backlog,
    "poison-message-requeue-loop": poison_message,
    "scheduled-task-duplicated": scheduler_twice,
}
