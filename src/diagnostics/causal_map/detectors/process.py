"""Detectors of what goes wrong inside the application's processes."""

from __future__ import annotations

from diagnostics.causal_map.detect import (
    CERTAIN,
    HINT,
    RULED_OUT,
    STRONG,
    TYPICAL,
    UNLIKELY,
    absent,
    at_work,
    cite,
    excess,
    failure_of,
    label_number,
    log_evidence,
    percent,
    present,
    size,
    text_strength,
    unknown,
)
from diagnostics.causal_map.detectors.states import NETWORK_WAIT, inside_loop, sync_workers
from diagnostics.model.finding import Evidence, Finding
from diagnostics.model.observation import FailureKind, Reading

#: A worker pool of this size is AnyIO's default (40 tokens); three quarters of it in one place is exhaustion.
BUSY_THREADS = 30
#: Growth that matters: what fills 1 GiB within an hour.
LEAK_BYTES_PER_SECOND = 1024**3 / 3600


def fd_leak(evidence: Evidence) -> Finding:
    """Descriptors near the limit, or far above what was normal."""
    readings = evidence.observations.indexed("process.fds")
    for evidence_id, reading in readings:
        pid = reading.labels.get("pid", "")
        limit = evidence.observations.value("process.fds.limit", None, pid=pid)
        kinds = sorted(evidence.observations.readings("process.fds.kind", pid=pid), key=lambda r: -r.value)
        most = f", most of them {kinds[0].labels.get('kind')}s ({kinds[0].value:.0f})" if kinds else ""
        normal = evidence.baseline.of(reading)
        # Requests that wait for an answer hold a socket each: whatever slows the service does that, no leak is needed.
        waiting = _clients_waiting(evidence, pid)
        own = max(0.0, reading.value - waiting)
        # A baseline key without the pid would mix processes; the pid label is volatile, so this is the application's usual.
        grown = normal is not None and own > 2 * normal.maximum + 50
        if limit and reading.value > 0.85 * limit:
            return present(
                CERTAIN if own > 0.5 * reading.value else TYPICAL,
                f"process {pid} has {reading.value:.0f} of {limit:.0f} descriptors open{most}",
                [evidence_id],
                {"pid": pid},
            )
        if grown and normal is not None:
            return present(
                STRONG,
                f"process {pid} has {reading.value:.0f} descriptors open, normal is {normal.median:.0f}{most}",
                [evidence_id],
                {"pid": pid},
            )
        if limit and own > 0.5 * limit and own > 200:
            return present(
                TYPICAL,
                f"process {pid} has {reading.value:.0f} of {limit:.0f} descriptors open{most}",
                [evidence_id],
                {"pid": pid},
            )
        rate = evidence.observations.value("process.fds.growth", 0.0, pid=pid) or 0.0
        if rate > 1.0 and own > 150:
            return present(
                TYPICAL,
                f"process {pid} has {reading.value:.0f} descriptors open, {rate:.1f} more each second{most}",
                [evidence_id],
                {"pid": pid},
            )
    if readings:
        return absent(-3.0, "descriptors are far from their limit")
    return unknown("descriptors were not counted")


def _clients_waiting(evidence: Evidence, pid: str) -> float:
    return sum(
        r.value
        for r in evidence.observations.readings("process.sockets", pid=pid, direction="in")
        if r.labels.get("state") != "CLOSE_WAIT"  # the client is gone, and we keep it: that is ours
    )


def memory_leak(evidence: Evidence) -> Finding:
    """Resident memory that only grows, beyond warm-up."""
    best: Finding | None = None
    looked = False
    for evidence_id, reading in evidence.observations.indexed("process.memory.rss"):
        pid = reading.labels.get("pid", "")
        growth = evidence.observations.value("process.memory.growth", 0.0, pid=pid) or 0.0
        age = evidence.observations.value("process.age", None, pid=pid)
        normal = evidence.baseline.of(reading)
        looked = True
        ids = [evidence_id, *[i for i, _ in evidence.observations.indexed("process.memory.growth", pid=pid)]]
        grown = normal is not None and reading.value > 1.3 * normal.maximum + 32 * 1024**2
        said = (
            f"process {pid} holds {size(reading.value)}"
            + (f", normal is {size(normal.median)}" if normal else "")
            + f", and grows by {size(growth)} a second"
        )
        if grown and growth > LEAK_BYTES_PER_SECOND:
            return present(CERTAIN, said, ids, {"pid": pid})
        if growth > 8 * LEAK_BYTES_PER_SECOND and (age is None or age > 15):
            best = present(
                7.0 if growth > 2 * 1024**2 else STRONG if growth > 1024**2 else TYPICAL, said, ids, {"pid": pid}
            )
        elif grown:
            best = present(TYPICAL, said, ids, {"pid": pid})
        elif growth > 3 * LEAK_BYTES_PER_SECOND and (age is None or age > 15) and best is None:
            # Two seconds are little: allocators take memory in lumps. A longer look decides.
            best = present(TYPICAL, said, ids, {"pid": pid})
        elif growth > LEAK_BYTES_PER_SECOND and age is not None and age > 60 and best is None:
            best = present(HINT, said, ids, {"pid": pid})
    if best is not None:
        return best
    if looked:
        return absent(-3.0, "memory of the processes does not grow")
    return unknown("no --pid was given")


def process_down(evidence: Evidence) -> Finding:
    """The process is gone, or nobody listens."""
    gone = failure_of(evidence, "process", FailureKind.NOT_FOUND)
    refused = failure_of(evidence, "endpoint.connect", FailureKind.REFUSED)
    alive = evidence.observations.readings("process.alive")
    if gone and refused:
        return present(CERTAIN, f"{gone[1].message}; {refused[1].message}", [gone[0], refused[0]])
    if refused:
        return present(STRONG if not alive else TYPICAL, f"nobody listens: {refused[1].message}", [refused[0]])
    if gone and not evidence.observations.readings("endpoint.status"):
        return present(STRONG, gone[1].message, [gone[0]])
    if alive or evidence.observations.readings("endpoint.status"):
        return absent(RULED_OUT, "the process runs")
    return unknown("neither --pid nor --url was given")


def port_taken(evidence: Evidence) -> Finding:
    """Our process ended because somebody else listens on its port, and that one answers."""
    text = text_strength(evidence, "port-already-in-use")
    ids = list(log_evidence(evidence, "port-already-in-use"))
    gone = failure_of(evidence, "process", FailureKind.NOT_FOUND)
    answered = evidence.observations.indexed("endpoint.status")
    if text >= TYPICAL and gone and answered:
        said = "the log says that the address is in use, our process has ended, and somebody answers at its port"
        return present(CERTAIN, said, [gone[0], answered[0][0], *ids])
    if text > 0:
        return present(text, "the log says that the address is in use", ids)
    if evidence.observations.readings("process.listening"):
        return absent(RULED_OUT, "the process listens")
    if evidence.observations.readings("log.lines"):
        return absent(UNLIKELY, "the log does not say that an address is in use")
    return unknown("no --log was given")


def zombies(evidence: Evidence) -> Finding:
    """Children that ended and were never waited for."""
    readings = evidence.observations.indexed("process.zombies")
    for evidence_id, reading in readings:
        if reading.value >= 20:
            return present(CERTAIN, f"{reading.value:.0f} zombie children", [evidence_id])
    if readings:
        return absent(RULED_OUT, "no zombies")
    return unknown("no --pid was given")


def thread_flood(evidence: Evidence) -> Finding:
    """Many more threads than a server needs."""
    readings = evidence.observations.indexed("process.threads")
    for evidence_id, reading in readings:
        normal = evidence.baseline.of(reading)
        growth = evidence.observations.value("process.threads.growth", 0.0, pid=reading.labels.get("pid", "")) or 0.0
        if reading.value > 100 and growth > 1.0:
            return present(
                CERTAIN,
                f"{reading.value:.0f} threads, and {growth:.1f} more each second",
                [evidence_id, *[i for i, _ in evidence.observations.indexed("process.threads.growth")]],
            )
        if reading.value > 300 or (normal is not None and reading.value > 3 * normal.maximum + 60):
            return present(
                STRONG,
                f"{reading.value:.0f} threads" + (f", normal is {normal.median:.0f}" if normal else ""),
                [evidence_id],
            )
    if readings:
        return absent(-3.0, "a normal number of threads")
    return unknown("no --pid was given")


def loop_blocked_by_sync_call(evidence: Evidence) -> Finding:
    """The loop's thread waits (sleep, socket, driver) below a coroutine."""
    stood = [
        (i, r)
        for i, r in evidence.observations.indexed("process.stack", main="true")
        if inside_loop(r.labels.get("trace", "")) and at_work(r)
    ]
    waiting = [(i, r) for i, r in stood if r.labels.get("active") != "true" or _leaf_waits(r)]
    share = sum(r.value for _, r in waiting)
    busy = sum(r.value for _, r in stood) - share
    if share >= 0.25 and share > busy:
        _, worst = max(waiting, key=lambda pair: pair[1].value)
        where = f"{worst.labels.get('function')} ({worst.labels.get('file')}:{worst.labels.get('line')})"
        said = f"the event loop's thread waits in {worst.labels.get('leaf', '?')} called by {where} in {percent(share)} of the samples"
        return present(
            CERTAIN if share > 0.4 else STRONG,
            said,
            [i for i, _ in waiting],
            {
                "function": worst.labels.get("function", ""),
                "file": worst.labels.get("file", ""),
                "line": worst.labels.get("line", ""),
            },
        )
    if evidence.observations.readings("process.stack", main="true"):
        return absent(
            -4.0 if share < 0.1 else UNLIKELY,
            f"the main thread waits inside a handler in {percent(share)} of the samples",
        )
    return unknown("no stacks of the process")


def busy_handler(evidence: Evidence) -> Finding:
    """One place of the application's code burns a CPU."""
    hot = [(i, r) for i, r in evidence.observations.indexed("process.stack", active="true") if at_work(r)]
    by_place: dict[tuple[str, str], list[tuple[str, Reading]]] = {}
    for pair in hot:
        by_place.setdefault((pair[1].labels.get("file", ""), pair[1].labels.get("function", "")), []).append(pair)
    burnt = max((r.value for r in evidence.observations.readings("process.cpu.utilization")), default=0.0)
    wait = max((r.value for r in evidence.observations.readings("process.cpu.wait_share")), default=0.0)
    if _steps_of_tasks(evidence) is not None:
        return absent(-1.0, "the event loop goes from task to task")
    if by_place and burnt > 0.6:
        place, pairs = max(by_place.items(), key=lambda item: sum(r.value for _, r in item[1]))
        share = sum(r.value for _, r in pairs)
        if share >= 0.5:
            said = f"{place[1]} ({place[0]}) is on the CPU in {percent(min(share, 1.0))} of the samples, the process uses {burnt:.1f} CPUs"
            return present(
                CERTAIN if share > 0.75 and burnt > 0.75 else STRONG,
                said,
                [i for i, _ in pairs],
                {"function": place[1], "file": place[0]},
            )
    if evidence.observations.readings("process.cpu.utilization"):
        return absent(-4.0 if burnt + wait < 0.5 else -1.0, f"the process uses {burnt:.2f} CPUs")
    return unknown("no --pid was given")


def threadpool_held_by_dependency(evidence: Evidence) -> Finding:
    """Nearly all worker threads wait in the same outgoing call."""
    groups: dict[tuple[str, str], list[tuple[str, Reading]]] = {}
    for pair in evidence.observations.indexed("process.stack", main="false"):
        labels = pair[1].labels
        if labels.get("function") and _leaf_waits(pair[1]) and not _waits_for_pool_or_database(labels.get("trace", "")):
            groups.setdefault((labels.get("function", ""), labels.get("file", "")), []).append(pair)
    if groups:
        place, pairs = max(groups.items(), key=lambda item: sum(r.value for _, r in item[1]))
        held = sum(r.value for _, r in pairs)
        if held >= BUSY_THREADS:
            return present(
                CERTAIN,
                f"{held:.0f} worker threads wait for an answer in {place[0]} ({place[1]})",
                [i for i, _ in pairs[:5]],
                {"function": place[0], "file": place[1]},
            )
    if evidence.observations.readings("process.stack"):
        return absent(-3.0, "worker threads are free")
    return unknown("no stacks of the process")


def thread_deadlock(evidence: Evidence) -> Finding:
    """Threads that stand before locks at different places for every sample."""
    stuck = [
        (i, r)
        for i, r in evidence.observations.indexed("process.stack")
        if r.value >= 0.95
        and r.labels.get("function")
        and r.labels.get("main") != "true"
        and r.labels.get("active") != "true"
        and _before_a_lock(r)
    ]
    places = {(r.labels.get("file"), r.labels.get("line")) for _, r in stuck}
    if len(stuck) >= 2 and len(places) >= 2:
        return present(
            CERTAIN if len(stuck) >= 6 else STRONG if len(stuck) >= 4 else TYPICAL,
            f"{len(stuck)} threads wait for locks at {len(places)} places, all the time",
            [i for i, _ in stuck],
        )
    if evidence.observations.readings("process.stack"):
        return absent(-3.0, "no threads wait for each other")
    return unknown("no stacks of the process")


def _before_a_lock(reading: Reading) -> bool:
    """Whether a thread waits in `acquire`, or in the application's own line: `with lock:` has no frame of its own."""
    leaf, function = reading.labels.get("leaf", ""), reading.labels.get("function", "")
    return leaf.startswith(("acquire", "__enter__ (threading", "lock", f"{function} ("))


def traffic_spike(evidence: Evidence) -> Finding:
    """Many more requests than before, of the usual kind."""
    recent = sum(r.value for r in evidence.observations.readings("log.access.requests", window="recent"))
    before = sum(r.value for r in evidence.observations.readings("log.access.requests", window="before"))
    ids = [i for i, _ in evidence.observations.indexed("log.access.requests")]
    reading = evidence.observations.last("log.access.requests", window="recent")
    normal = evidence.baseline.of(reading) if reading is not None else None
    usual = max(before, normal.p95 if normal else 0.0)
    if recent == 0 or usual == 0:
        return unknown("the rate of requests before is not known")
    ratio = recent / usual
    burnt = max((r.value for r in evidence.observations.readings("process.cpu.utilization")), default=0.0)
    if ratio > 2.5 and recent > 100:
        strength = STRONG if burnt > 0.7 or ratio > 4 else TYPICAL
        return present(strength, f"{recent:.0f} requests in the last minute, before it were {usual:.0f}", ids)
    return absent(-4.0 if ratio < 1.5 else UNLIKELY, f"the rate of requests is {ratio:.1f} times what it was", ids)


def _as_long_as_before(evidence: Evidence) -> bool:
    """Whether the log shows that the requests themselves have not become slower, on the time before or a baseline."""
    for quantile in ("p50", "p95"):
        name = f"log.access.{quantile}"
        recent = evidence.observations.last(name, window="recent")
        if recent is None:
            return False
        normal = evidence.baseline.of(recent)
        before = evidence.observations.value(name, normal.median if normal else None, window="before")
        if before is None or recent.value > 1.5 * before + 0.005:
            return False
    return True


def too_few_workers(evidence: Evidence) -> Finding:
    """Requests queue although CPUs are free and calls take their usual time."""
    backlog = max((r.value for r in evidence.observations.readings("process.listen_backlog")), default=None)
    busy = evidence.observations.value("host.cpu.utilization", 1.0) or 0.0
    if backlog is None:
        return unknown("the listen backlog was not read")
    sync = sync_workers(evidence)
    if sync is not None and sync.with_client > 0.3 * sync.count:
        return absent(UNLIKELY, "the workers wait for clients")
    if sync is not None and sync.count <= 2 and backlog >= 3 and sync.idle < 0.15 * sync.count and busy < 0.9:
        said = (
            f"{sync.count} sync worker(s) are never idle and {backlog:.0f} connections wait to be accepted, "
            f"while the CPUs are {percent(busy)} busy"
        )
        if _as_long_as_before(evidence):
            return present(STRONG, said + "; each request takes as long as it did before", sync.evidence)
        return present(TYPICAL, said, sync.evidence)
    if backlog >= 8 and busy < 0.6:
        said = f"{backlog:.0f} connections wait to be accepted while the CPUs are {percent(busy)} busy"
        return present(HINT, said, cite(evidence, "process.listen_backlog", "host.cpu.utilization"))
    return absent(UNLIKELY, f"{backlog:.0f} connections wait to be accepted")


def slow_clients(evidence: Evidence) -> Finding:
    """Sync workers wait for what a client has not sent yet, or does not take."""
    sync = sync_workers(evidence)
    if sync is None:
        if evidence.observations.readings("process.stack"):
            return absent(-3.0, "no sync workers of gunicorn")
        return unknown("no stacks of the process")
    share = sync.with_client / sync.count
    said = f"the {sync.count} sync worker(s) wait for a client in {percent(share)} of the samples"
    if share >= 0.6:
        return present(CERTAIN, said + ", before any code of the application", sync.evidence)
    if share >= 0.3:
        return present(TYPICAL, said, sync.evidence)
    return absent(RULED_OUT if share < 0.1 else UNLIKELY, said)


def many_tasks(evidence: Evidence) -> Finding:
    """Tasks of asyncio without bound: counted from inside, or seen to keep the loop busy with ever other small steps."""
    reading = evidence.observations.last("asyncio.tasks")
    steps = _steps_of_tasks(evidence)
    if reading is None and steps is not None:
        where, share, ids = steps
        said = f"the event loop is busy with small steps of tasks of {where} in {percent(share)} of the samples"
        return present(STRONG if share > 0.6 else TYPICAL, said, ids, {"function": where})
    if reading is None:
        if evidence.observations.readings("process.stack", main="true"):
            return absent(UNLIKELY, "the event loop is not kept busy by tasks of its own")
        return unknown("tasks are seen from inside only")
    normal = evidence.baseline.of(reading)
    if reading.value > 2000 or (normal is not None and reading.value > 10 * normal.p95 + 200):
        return present(STRONG, f"{reading.value:.0f} asyncio tasks are pending", cite(evidence, "asyncio.tasks"))
    return absent(-3.0, f"{reading.value:.0f} asyncio tasks are pending")


#: Innermost frames of a loop that goes from one step to the next.
_TURNS = ("_run_once (asyncio", "_run (asyncio", "__sleep0 (asyncio", "sleep (asyncio", "call_soon (asyncio")


def _steps_of_tasks(evidence: Evidence) -> tuple[str, float, list[str]] | None:
    """Return whose tasks keep the loop's thread on the CPU step by step, in which share of the samples, and the evidence.

    A coroutine that lies directly above the loop is a task that the application started; one that belongs to a request
    lies above the server. A task that never lets go would show no frame of the loop at work.
    """
    burnt = max((r.value for r in evidence.observations.readings("process.cpu.utilization")), default=0.0)
    waited = max((r.value for r in evidence.observations.readings("process.cpu.wait_share")), default=0.0)
    if burnt < 0.6 * (1.0 - min(waited, 0.6)):
        return None
    places: dict[str, list[tuple[str, Reading]]] = {}
    between = 0.0
    for pair in evidence.observations.indexed("process.stack", main="true"):
        frames = [frame.strip() for frame in pair[1].labels.get("trace", "").split(" < ")]
        function = pair[1].labels.get("function", "")
        if frames[-1].startswith(_TURNS):
            between += pair[1].value
        own = next((n for n, frame in enumerate(frames) if function and frame.startswith(f"{function} (")), 0)
        if own and frames[own - 1].startswith("_run (asyncio/events"):
            places.setdefault(function, []).append(pair)
    if not places:
        return None
    where, pairs = max(places.items(), key=lambda item: sum(r.value for _, r in item[1]))
    share = sum(r.value for _, r in pairs)
    if share < 0.2 or share + between < 0.5 or between < 0.05:
        return None
    return where, min(1.0, share + between), [i for i, _ in pairs[:5]]


def worker_timeout(evidence: Evidence) -> Finding:
    """Gunicorn's arbiter aborts workers; its log line is the sign."""
    late = [
        (i, r)
        for i, r in evidence.observations.indexed("log.template")
        if "WORKER TIMEOUT" in r.labels.get("template", "") and r.value > 3 * (label_number(r, "before") + 0.1)
    ]
    if late:
        aborted = [
            r.labels.get("frame", "")
            for r in evidence.observations.readings("log.template")
            if r.labels.get("exception") == "SystemExit" and r.labels.get("frame")
        ]
        where = f"; a worker stood in {aborted[0]}" if aborted else ""
        said = f"the log says WORKER TIMEOUT {sum(r.value for _, r in late):.0f} time(s){where}"
        return present(STRONG, said, [i for i, _ in late], {"frame": aborted[0]} if aborted else {})
    strength = text_strength(evidence, "gunicorn-worker-timeout")
    if strength >= TYPICAL:
        return present(strength, "the log says that workers are killed for being late")
    if evidence.observations.readings("log.lines"):
        return absent(-3.0, "no WORKER TIMEOUT in the log")
    return unknown("no --log was given")


def cold_start(evidence: Evidence) -> Finding:
    """A process that has just started."""
    ages = evidence.observations.indexed("process.age")
    if not ages:
        return unknown("no --pid was given")
    evidence_id, youngest = min(ages, key=lambda pair: pair[1].value)
    sigma = excess(evidence, youngest, floor=1.0)
    if youngest.value < 15 and (sigma is None or sigma < 0):
        return present(HINT, f"the process started {youngest.value:.0f} s ago", [evidence_id])
    return absent(-4.0, f"the process runs for {youngest.value:.0f} s", [evidence_id])


def _leaf_waits(reading: Reading) -> bool:
    leaf = reading.labels.get("leaf", "")
    return leaf.startswith((*NETWORK_WAIT, "sleep"))


def _waits_for_pool_or_database(trace: str) -> bool:
    return any(word in trace for word in ("_do_get", "getconn", "psycopg", "asyncpg", "sqlalchemy"))


DETECTORS = {
    "fd-leak": fd_leak,
    "memory-leak-steady": memory_leak,
    "app-process-down": process_down,
    "zombie-children-not-reaped": zombies,
    "unbounded-thread-creation": thread_flood,
    "eventloop-blocked-sync-io": loop_blocked_by_sync_call,
    "infinite-loop-request": busy_handler,
    "threadpool-exhausted-by-slow-dependency": threadpool_held_by_dependency,
    "thread-deadlock-lock-order": thread_deadlock,
    "traffic-spike-over-capacity": traffic_spike,
    "worker-count-too-low": too_few_workers,
    "port-already-in-use": port_taken,
    "unbounded-asyncio-tasks": many_tasks,
    "gunicorn-worker-timeout": worker_timeout,
    "sync-workers-held-by-slow-clients": slow_clients,
    "cold-start-after-deploy": cold_start,
}
