"""Links of the chain: states that have causes of their own."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.causal_map.detect import (
    CERTAIN,
    RULED_OUT,
    STRONG,
    TYPICAL,
    UNLIKELY,
    absent,
    cite,
    database_was_read,
    excess,
    failure_of,
    label_number,
    normal_value,
    percent,
    pool_text,
    present,
    seconds,
    unknown,
)
from diagnostics.model.finding import Evidence, Finding
from diagnostics.model.observation import FailureKind, Reading

#: Frames in which SQLAlchemy or psycopg wait for a free pooled connection.
POOL_WAIT_FRAMES = ("_do_get", "queue.get", "getconn", "wait (psycopg_pool", "impl.py")
#: Frames that mean that a thread waits for the network.
NETWORK_WAIT = (
    "recv",
    "readinto",
    "read (ssl",
    "recv_into",
    "do_handshake",
    "sock_connect",
    "create_connection",
    "getresponse",
    "_fetch",
    "poll",
    "select",
    "getaddrinfo",
    "connect",
)


#: Mechanisms whose texts in a log mean that a call to another service failed.
OUTSIDE = frozenset(
    {
        "external-api-5xx",
        "external-api-rate-limited",
        "external-quota-exhausted",
        "external-connection-refused",
        "external-connection-reset",
        "external-endpoint-removed",
        "external-response-truncated",
        "external-response-not-json",
        "oauth-refresh-token-revoked",
        "oauth-client-secret-rotated",
        "oauth-scope-missing",
        "service-account-key-invalid",
        "api-key-invalid-or-revoked",
        "telegram-token-revoked",
        "dns-name-not-found",
        "dns-server-unreachable",
        "tcp-port-filtered",
        "tls-cert-expired",
        "tls-unknown-ca",
        "tls-hostname-mismatch",
        "tls-plain-http-mismatch",
        "tls-protocol-too-old",
        "proxy-misconfigured",
        "own-bug-bad-request-payload",
    }
)


def db_lock_wait(evidence: Evidence) -> Finding:
    """Sessions that wait for a lock that another session holds."""
    waits = evidence.observations.indexed("postgres.lock.wait")
    if waits:
        evidence_id, worst = max(waits, key=lambda pair: pair[1].value)
        waiters = {r.labels.get("waiter_pid") for _, r in waits}
        strength = CERTAIN if worst.value > 0.5 or len(waiters) > 2 else TYPICAL if worst.value > 0.05 else 1.5
        said = (
            f"{len(waiters)} session(s) wait for a lock, the longest for {seconds(worst.value)}, held by backend "
            f"{worst.labels.get('blocker_pid', '?')} ({worst.labels.get('blocker_state', '?')})"
        )
        return present(strength, said, [evidence_id, *[i for i, _ in waits[:4] if i != evidence_id]])
    if database_was_read(evidence):
        return absent(-3.0, "no session waits for a lock")
    return unknown("the database was not looked at")


def db_pool_exhausted(evidence: Evidence) -> Finding:
    """The application's connection pool has nothing left to give."""
    observations = evidence.observations
    for evidence_id, limit in observations.indexed("pool.limit"):
        out = observations.value("pool.checked_out", 0.0) or 0.0
        if limit.value > 0 and out >= limit.value:
            return present(CERTAIN, f"all {limit.value:.0f} pooled connections are checked out", [evidence_id])
    waiting = [
        (i, r)
        for i, r in observations.indexed("process.stack")
        if "_do_get" in r.labels.get("trace", "") or "getconn" in r.labels.get("trace", "")
    ]
    text = pool_text(evidence)
    if waiting and sum(r.value for _, r in waiting) >= 0.5:
        threads = sum(r.value for _, r in waiting)
        said = f"{threads:.1f} threads on average wait for a connection from the pool"
        return present(CERTAIN, said, [i for i, _ in waiting[:4]])
    if text >= 2:
        return present(STRONG, "requests give up waiting for a connection from the pool")
    if observations.readings("process.stack"):
        return absent(UNLIKELY, "no thread waits for a pooled connection")
    return unknown("no view of the pool: needs the engine or stacks of the process")


def db_unreachable(evidence: Evidence) -> Finding:
    """A new session cannot be had."""
    failed = failure_of(evidence, "postgres.connect")
    if failed and failed[1].kind not in (FailureKind.MISSING_EXTRA, FailureKind.UNSUPPORTED):
        return present(CERTAIN, f"no database session: {failed[1].message}", [failed[0]])
    if database_was_read(evidence):
        return absent(RULED_OUT, "the database accepts our session")
    return unknown("the database was not looked at")


def db_slots_exhausted(evidence: Evidence) -> Finding:
    """All connection slots of the server are taken."""
    failed = failure_of(evidence, "postgres.connect", FailureKind.EXHAUSTED)
    if failed:
        return present(CERTAIN, f"the server has no connection slot left: {failed[1].message}", [failed[0]])
    limit = evidence.observations.last("postgres.connections.limit")
    used = evidence.observations.last("postgres.connections.used")
    if limit is None or used is None or limit.value <= 0:
        return unknown("connection slots were not read")
    reserved = evidence.observations.value("postgres.connections.reserved", 3.0) or 0.0
    share = used.value / max(1.0, limit.value - reserved)
    ids = [i for i, _ in evidence.observations.indexed("postgres.connections.used")]
    if share >= 0.97:
        return present(STRONG, f"{used.value:.0f} of {limit.value:.0f} connection slots are in use", ids)
    return absent(
        RULED_OUT if share < 0.8 else UNLIKELY,
        f"{used.value:.0f} of {limit.value:.0f} connection slots are in use",
        ids,
    )


def db_queries_slow(evidence: Evidence) -> Finding:
    """Statements that take long by themselves (not because they wait for a lock)."""
    found: list[tuple[float, str, list[str]]] = []
    for evidence_id, reading in evidence.observations.indexed("postgres.statement.time"):
        query = reading.labels.get("queryid", "")
        mean = evidence.observations.value("postgres.statement.mean", 0.0, queryid=query) or 0.0
        normal = None
        for candidate in evidence.observations.readings("postgres.statement.mean", queryid=query):
            normal = normal_value(evidence, candidate)
        text = reading.labels.get("query", "")[:90]
        if normal is not None and mean > 5 * normal and mean > 0.01 and reading.value > 0.05:
            found.append(
                (
                    STRONG,
                    f"a statement takes {seconds(mean)}, normal is {seconds(normal)}: {text}",
                    [evidence_id],
                )
            )
        elif (mean > 0.05 and reading.value > 0.2) or (mean > 0.015 and reading.value > 0.4):
            found.append(
                (
                    STRONG if mean > 0.1 else TYPICAL,
                    f"a statement takes {seconds(mean)} on average and {reading.value:.1f} s a second: {text}",
                    [evidence_id],
                )
            )
    active = [
        (i, r)
        for i, r in evidence.observations.indexed("postgres.session", kind="active")
        if r.value > 1.0 and r.labels.get("wait_event_type") != "Lock"
    ]
    if active:
        evidence_id, worst = max(active, key=lambda pair: pair[1].value)
        found.append(
            (
                TYPICAL,
                f"a statement runs since {seconds(worst.value)}: {worst.labels.get('query', '')[:90]}",
                [evidence_id],
            )
        )
    if found:
        return present(*max(found))
    busiest = max((r.value for r in evidence.observations.readings("postgres.statement.time")), default=None)
    if busiest is not None:
        return absent(
            -3.0 if busiest < 0.1 else -1.0, f"no statement takes long (the busiest {busiest:.2g} s a second)"
        )
    if database_was_read(evidence):
        return absent(-1.0, "no session runs a statement for over a second")
    return unknown("statements were not read")


def external_call_slow(evidence: Evidence) -> Finding:
    """A service that we depend on answers late."""
    worst: tuple[float, str, list[str]] = (0.0, "", [])
    looked = False
    for evidence_id, reading in evidence.observations.indexed("service.first_byte"):
        looked = True
        service = reading.labels.get("service", "")
        sigma = excess(evidence, reading, floor=0.1)
        if sigma is not None and sigma > 4:
            worst = max(
                worst,
                (
                    STRONG,
                    f"{service} answers after {seconds(reading.value)}, normal is {seconds(normal_value(evidence, reading) or 0)}",
                    [evidence_id],
                ),
            )
        elif reading.value > 1.0:
            worst = max(worst, (STRONG, f"{service} answers after {seconds(reading.value)}", [evidence_id]))
    timeouts = [
        (i, f) for i, f in evidence.observations.failures("service.first_byte") if f.kind is FailureKind.TIMEOUT
    ]
    for evidence_id, failure in timeouts:
        worst = max(worst, (CERTAIN, f"{failure.labels.get('service', '')} does not answer in time", [evidence_id]))
    if worst[0] > 0:
        return present(*worst)
    if looked:
        return absent(-3.0, "the services that were asked answer fast")
    return unknown("no --service was given")


def external_call_fails(evidence: Evidence) -> Finding:
    """Calls to another service end in an error."""
    for name in ("service.dns", "service.connect", "service.tls", "service.first_byte"):
        for evidence_id, failure in evidence.observations.failures(name):
            if failure.kind not in (FailureKind.MISSING_EXTRA, FailureKind.UNSUPPORTED):
                return present(
                    STRONG, f"{failure.labels.get('service', 'a service')}: {failure.message}", [evidence_id]
                )
    bad = [(i, r) for i, r in evidence.observations.indexed("service.status") if r.value >= 500 or r.value == 429]
    if bad:
        return present(
            STRONG,
            f"{bad[0][1].labels.get('service', 'a service')} answers {bad[0][1].value:.0f}",
            [i for i, _ in bad],
        )
    told = [
        m for m in evidence.signatures if m.place == "log" and m.count >= 2 and m.weight >= 3 and m.mechanism in OUTSIDE
    ]
    if told:
        loudest = max(told, key=lambda m: (m.weight, m.count))
        return present(TYPICAL, f"the log says {loudest.count} time(s): {loudest.text[:140]}", [loudest.evidence_id])
    if evidence.observations.readings("service.status"):
        return absent(-1.0, "the services that were asked answer without an error of theirs")
    return unknown("no --service was given")


def cpu_starved(evidence: Evidence) -> Finding:
    """Threads of the application are ready to run and do not get a CPU."""
    observations = evidence.observations
    waits = observations.indexed("process.cpu.wait_share")
    if not waits:
        return unknown("no --pid was given")
    evidence_id, worst = max(waits, key=lambda pair: pair[1].value)
    pressure = observations.value("host.pressure.cpu.some", 0.0) or 0.0
    busy = observations.value("host.cpu.utilization", 0.0) or 0.0
    throttled = max((r.value for r in observations.readings("cgroup.cpu.throttled_ratio")), default=0.0)
    sigma = excess(evidence, worst, floor=0.08)
    if (worst.value > 0.25 and (busy > 0.9 or throttled > 0.2)) or (
        sigma is not None and sigma > 4 and worst.value > 0.2
    ):
        strength = CERTAIN if worst.value > 0.4 else STRONG
        said = f"the application waits for a CPU in {percent(worst.value)} of the time that it wants one (host {percent(busy)} busy, pressure {percent(pressure)})"
        return present(strength, said, [evidence_id])
    if worst.value < 0.1:
        return absent(
            -4.0,
            f"the application gets a CPU when it wants one (waits {percent(worst.value)})",
            [evidence_id],
        )
    return absent(-1.0, f"the application waits for a CPU in {percent(worst.value)} of the time", [evidence_id])


def event_loop_blocked(evidence: Evidence) -> Finding:
    """The event loop's thread stands inside a handler instead of waiting for events."""
    stood = [
        (i, r)
        for i, r in evidence.observations.indexed("process.stack", main="true")
        if inside_loop(r.labels.get("trace", ""))
    ]
    share = sum(r.value for _, r in stood)
    loop_seen = [
        r
        for r in evidence.observations.readings("process.stack", main="true")
        if "run_forever" in r.labels.get("trace", "")
        or "_run_once" in r.labels.get("trace", "")
        or "uvicorn" in r.labels.get("trace", "")
        or "run (asyncio" in r.labels.get("trace", "")
    ]
    if share >= 0.4:
        _, worst = max(stood, key=lambda pair: pair[1].value)
        where = f"{worst.labels.get('function', '?')} ({worst.labels.get('file', '?')}:{worst.labels.get('line', '?')})"
        return present(
            CERTAIN if share > 0.6 else STRONG,
            f"the event loop stands in {where} in {percent(share)} of the samples",
            [i for i, _ in stood],
        )
    if loop_seen:
        return absent(-3.0, f"the event loop is free (inside a handler in {percent(share)} of the samples)")
    return unknown("no stack of an event loop was seen")


#: Frames that only the thread of an event loop has; a synchronous worker serves requests on its main thread too.
_LOOP_MARKS = ("_run (asyncio", "_run_once (", "run_forever (", "run_asgi (", "uvloop")


def inside_loop(trace: str) -> bool:
    """Whether a trace of the loop's thread is inside a callback, not in the selector."""
    leaf = trace.rsplit(" < ", 1)[-1].strip()
    if not leaf or leaf.startswith(("select", "_run_once", "epoll", "poll", "wait")):
        return False
    return any(mark in trace for mark in _LOOP_MARKS)


@dataclass(frozen=True, slots=True)
class SyncWorkers:
    """What gunicorn's sync workers do, by their main threads: how many there are, and sums of shares of the samples."""

    count: int
    idle: float
    with_client: float
    at_work: float
    evidence: tuple[str, ...]


def sync_workers(evidence: Evidence) -> SyncWorkers | None:
    """Return what gunicorn's sync workers do; None where there are none."""
    servers = {
        r.labels.get("pid", "")
        for r in evidence.observations.readings("process.alive")
        if "gunicorn" in r.labels.get("command", "")
    }
    threads: dict[str, list[tuple[str, Reading]]] = {}
    for pair in evidence.observations.indexed("process.stack", main="true"):
        labels = pair[1].labels
        if servers and labels.get("pid", "") not in servers:
            continue  # a worker of a task queue, for instance, serves no requests
        threads.setdefault(f"{labels.get('pid')} {labels.get('thread')}", []).append(pair)
    idle = with_client = working = 0.0
    count, ids, known = 0, [], False
    for pairs in threads.values():
        traces = " ".join(r.labels.get("trace", "") for _, r in pairs)
        if "gunicorn/workers/sync.py" in traces or "gunicorn/http/" in traces:
            known = True
        elif "gunicorn/arbiter.py" in traces or not any(r.labels.get("function") for _, r in pairs):
            continue
        if any(mark in traces for mark in _LOOP_MARKS):
            continue
        count += 1
        for evidence_id, reading in pairs:
            trace = reading.labels.get("trace", "")
            if reading.labels.get("function"):
                working += reading.value
                ids.append(evidence_id)
            elif "gunicorn/http/" in trace and not _prepares(trace):
                with_client += reading.value
                ids.append(evidence_id)
            else:
                idle += reading.value
    if not known and not servers:
        return None
    return SyncWorkers(count, idle, with_client, working, tuple(ids[:6])) if count else None


def _prepares(trace: str) -> bool:
    """Whether the worker is still loading or logging, which has nothing to do with a client."""
    return "glogging.py" in trace or "load_wsgi" in trace


def workers_busy(evidence: Evidence) -> Finding:
    """All threads that could serve a request stand in application code."""
    observations = evidence.observations
    sync = sync_workers(evidence)
    if sync is not None and sync.idle < 0.15 * sync.count:
        said = f"the {sync.count} sync worker(s) are idle in {percent(sync.idle / sync.count)} of the samples"
        return present(CERTAIN, said, sync.evidence)
    backlog = max((r.value for r in observations.readings("process.listen_backlog")), default=0.0)
    workers = [
        (i, r)
        for i, r in observations.indexed("process.stack", main="false")
        if r.labels.get("function") and "worker" in r.labels.get("thread", "").lower()
    ]
    held = sum(r.value for _, r in workers)
    if held >= 30:
        return present(CERTAIN, f"{held:.0f} worker threads are busy at once", [i for i, _ in workers[:4]])
    if backlog >= 5:
        return present(
            STRONG,
            f"{backlog:.0f} connections wait to be accepted",
            [i for i, _ in observations.indexed("process.listen_backlog")],
        )
    if observations.readings("process.stack"):
        return absent(UNLIKELY, f"{held:.0f} worker threads are busy")
    return unknown("no stacks of the process")


def memory_short(evidence: Evidence) -> Finding:
    """The host or the cgroup runs out of memory."""
    observations = evidence.observations
    total = observations.last("host.memory.total")
    available = observations.last("host.memory.available")
    used = max((r.value for r in observations.readings("cgroup.memory.used_ratio")), default=0.0)
    if used > 0.95:
        said = f"the container uses {percent(used)} of its memory"
        return present(STRONG, said, cite(evidence, "cgroup.memory.used_ratio"))
    if total is None or available is None:
        return unknown("memory was not read")
    free = available.value / max(total.value, 1.0)
    stalled = observations.value("host.pressure.memory.full", 0.0) or 0.0
    if free < 0.03 or (free < 0.08 and stalled > 0.1):
        said = f"{percent(free)} of the memory is available"
        return present(STRONG, said, cite(evidence, "host.memory.available", "host.pressure.memory.full"))
    return absent(-3.0, f"{percent(free)} of the memory is available")


def unhandled_exception(evidence: Evidence) -> Finding:
    """A class of exception that was not there before, in the application's own code."""
    new: list[tuple[bool, float, str, str]] = []
    looked = False
    for evidence_id, reading in evidence.observations.indexed("log.template"):
        looked = True
        exception = reading.labels.get("exception", "")
        if not exception or reading.value < 2:
            continue
        before = label_number(reading, "before")
        if reading.value > 3 * (before + 0.3):
            # Where the log does not go back, nobody knows whether it is new.
            surely = reading.labels.get("before_seconds", "1") not in ("0", "0.0")
            said = f"{exception}: {reading.labels.get('example', '')[:120]}"
            new.append((surely, reading.value, evidence_id, said))
    if new:
        surely, count, evidence_id, said = max(new)
        return present(
            STRONG if surely and count >= 4 else TYPICAL, f"{count:.0f} tracebacks that are new: {said}", [evidence_id]
        )
    if looked or evidence.observations.readings("log.lines"):
        return absent(UNLIKELY, "no new tracebacks in the log")
    return unknown("no --log was given")
