"""Detectors of what the host does to the application."""

from __future__ import annotations

from diagnostics.causal_map.detect import (
    CERTAIN,
    HINT,
    RULED_OUT,
    STRONG,
    TYPICAL,
    UNLIKELY,
    absent,
    cite,
    log_evidence,
    percent,
    present,
    seconds,
    size,
    text_strength,
    total,
    unknown,
)
from diagnostics.causal_map.detectors.symptoms import nobody_waits
from diagnostics.model.finding import Evidence, Finding

#: Below this share a volume is full for every practical purpose (PostgreSQL and loggers fail before the last block).
FULL_RATIO = 0.01
FULL_BYTES = 2 * 1024**2


def neighbour_eats_cpu(evidence: Evidence) -> Finding:
    """Foreign processes use the CPUs while ours wait for one."""
    observations = evidence.observations
    consumers = observations.indexed("host.process.cpu")
    waits = observations.readings("process.cpu.wait_share")
    busy = observations.last("host.cpu.utilization")
    cpus = observations.value("host.cpu.count", 1.0) or 1.0
    if busy is None:
        return unknown("the host was not looked at")
    foreign = [(i, r) for i, r in consumers if r.labels.get("ours") != "true"]
    ours = sum(r.value for r in observations.readings("process.cpu.utilization"))
    ours += total(
        r for r in observations.readings("host.process.cpu", ours="true") if "postgres" in r.labels.get("command", "")
    )
    # Only the biggest consumers are listed; many small ones take as much.
    others = max(total(r for _, r in foreign), busy.value * cpus - ours if foreign else 0.0)
    pressure = observations.value("host.pressure.cpu.some", 0.0) or 0.0
    waiting = max((r.value for r in waits), default=min(0.5, pressure))
    usual = max((n.p95 for r in waits if (n := evidence.baseline.of(r)) is not None), default=0.0)
    # Whoever runs little and is overtaken now and then is not hurt: its work takes 1 / (1 - waiting) times as long, and twice as
    # long is what a full machine does to everybody; three times is starvation.
    if busy.value > 0.9 and others > 0.4 * cpus and waiting > max(0.15, 1.2 * usual):
        _, top = max(foreign, key=lambda pair: pair[1].value)
        said = (
            f"processes that are not ours use {others:.1f} of {cpus:.0f} CPUs (first: {top.labels.get('command', '?')[:60]}, pid "
            f"{top.labels.get('pid', '?')}), ours wait for a CPU in {percent(waiting)} of the time"
        )
        if nobody_waits(evidence) or _median_unmoved(evidence):
            return present(HINT, f"{said}; requests are as fast as before", [i for i, _ in foreign])
        return present(
            # That ours wait is the finding "starved of CPU"; here it counts only that somebody else is the reason.
            STRONG if waiting > 0.66 else TYPICAL if waiting > 0.5 else HINT,
            said,
            [i for i, _ in foreign] + [i for i, _ in observations.indexed("process.cpu.wait_share")],
            {"pid": top.labels.get("pid", ""), "command": top.labels.get("command", "")},
        )
    return absent(
        RULED_OUT if busy.value < 0.8 or others < 0.2 * cpus else UNLIKELY,
        f"foreign processes use {others:.1f} of {cpus:.0f} CPUs",
    )


def _median_unmoved(evidence: Evidence) -> bool:
    """Tell whether the middle request is as fast as before: who is starved of CPU is slow everywhere, not at the edge only."""
    before = evidence.observations.value("log.access.p50", None, window="before")
    recent = evidence.observations.value("log.access.p50", None, window="recent")
    return before is not None and recent is not None and recent < 1.5 * before + 0.001


def app_volume_full(evidence: Evidence) -> Finding:
    """No free blocks where the application writes."""
    looked = False
    for evidence_id, reading in evidence.observations.indexed("host.disk.free_ratio"):
        used_by = reading.labels.get("used_by", "")
        if "database" in used_by and "app" not in used_by and "log" not in used_by:
            continue
        looked = True
        mount = reading.labels.get("mount", reading.labels.get("path", "?"))
        free = evidence.observations.value("host.disk.free_bytes", None, mount=mount)
        if reading.value < FULL_RATIO or (free is not None and free < FULL_BYTES):
            left = f", {size(free)}" if free is not None else ""
            said = f"{mount} ({used_by}) has {percent(reading.value)} of its space left{left}"
            strength = CERTAIN if "app" in used_by or "log" in used_by else TYPICAL
            return present(strength, said, [evidence_id], {"mount": mount, "path": reading.labels.get("path", "")})
    if looked:
        return absent(RULED_OUT, "every volume that the application uses has space left")
    return unknown("volumes were not read")


def inodes_exhausted(evidence: Evidence) -> Finding:
    """No free inode on a volume that the application, its log or its database writes to."""
    readings = evidence.observations.indexed("host.disk.inodes_free_ratio")
    gone = [(i, r) for i, r in readings if r.value < FULL_RATIO]
    if gone:
        evidence_id, worst = min(gone, key=lambda pair: pair[1].value)
        used_by = worst.labels.get("used_by", "")
        mount = worst.labels.get("mount", worst.labels.get("path", "?"))
        space = evidence.observations.last("host.disk.free_ratio", mount=mount)
        beside = f", beside {percent(space.value)} of its space" if space is not None else ""
        # One per cent of a big filesystem is still many thousands of files; a thousandth is the end.
        at_the_end = worst.value < FULL_RATIO / 10 and ("app" in used_by or "log" in used_by or "tmp" in used_by)
        return present(
            CERTAIN if at_the_end else TYPICAL,
            f"{mount} ({used_by}) has {percent(worst.value)} of its inodes left{beside}",
            [evidence_id],
            {"mount": mount, "path": worst.labels.get("path", "")},
        )
    if readings:
        return absent(RULED_OUT, "every volume has inodes left")
    return unknown("inodes were not read, or the filesystems have no fixed number of them")


def host_memory_exhausted(evidence: Evidence) -> Finding:
    """The whole host has no memory left to give; page cache counts as available."""
    observations = evidence.observations
    whole = observations.last("host.memory.total")
    available = observations.last("host.memory.available")
    if whole is None or available is None or whole.value <= 0:
        return unknown("memory was not read")
    ids = [i for name in ("host.memory.available", "host.memory.total") for i, _ in observations.indexed(name)]
    free = available.value / whole.value
    pressure = observations.value("host.pressure.memory.some", 0.0) or 0.0
    stalled = observations.value("host.pressure.memory.full", 0.0) or 0.0
    kills = observations.last("host.oom_kills")
    normal = evidence.baseline.of(kills) if kills is not None else None
    killed = kills is not None and normal is not None and kills.value > normal.maximum
    said = f"{percent(free)} of the host's memory is available ({size(available.value)})"
    if free < 0.03 or (free < 0.08 and stalled > 0.1):
        suffering = pressure > 0.05 or stalled > 0.02 or killed
        more = ", the kernel has killed a process for memory" if killed else ""
        return present(STRONG if suffering else TYPICAL, said + more, ids)
    return absent(RULED_OUT if free > 0.15 else UNLIKELY, said, ids)


def listen_backlog_overflow(evidence: Evidence) -> Finding:
    """The kernel drops connections because the queue of a listening socket is full."""
    observations = evidence.observations
    rate = observations.last("host.network.listen_overflow_rate")
    if rate is None:
        return unknown("overflows of listening sockets were not counted")
    ids = [i for i, _ in observations.indexed("host.network.listen_overflow_rate")]
    # Overflows come in bursts; two quiet seconds are no proof.
    if rate.value <= 0:
        return absent(-3.0, "the kernel drops no connection", ids)
    normal = evidence.baseline.of(rate)
    if normal is not None and normal.n >= 3 and rate.value <= normal.p95:
        return absent(UNLIKELY, f"the kernel drops {rate.value:.1f} connections a second, as it always did", ids)
    queues = observations.indexed("process.listen_backlog")
    if not queues:
        return present(HINT, f"the kernel drops {rate.value:.1f} connections a second at some listening socket", ids)
    evidence_id, longest = max(queues, key=lambda pair: pair[1].value)
    if longest.value < 1:
        return absent(UNLIKELY, "connections are dropped at a listening socket that is not ours", [*ids, evidence_id])
    said = (
        f"the kernel drops {rate.value:.1f} connections a second, {longest.value:.0f} wait at port "
        f"{longest.labels.get('port', '?')}"
    )
    busy = (observations.value("host.cpu.utilization", 0.0) or 0.0) > 0.85
    return present(
        TYPICAL if busy or longest.value < 5 else STRONG,
        said,
        [*ids, evidence_id],
        {"pid": longest.labels.get("pid", ""), "port": longest.labels.get("port", "")},
    )


def volume_read_only(evidence: Evidence) -> Finding:
    """A volume that the application writes to is mounted read-only."""
    readings = evidence.observations.indexed("host.disk.read_only")
    for evidence_id, reading in readings:
        used_by = reading.labels.get("used_by", "")
        if reading.value >= 1 and ("app" in used_by or "log" in used_by or "tmp" in used_by):
            mount = reading.labels.get("mount", "?")
            return present(STRONG, f"{mount} ({used_by}) is mounted read-only", [evidence_id], {"mount": mount})
    # A folder that a variable names may be meant to be read only: what fails to write decides.
    refused = text_strength(evidence, "filesystem-remounted-read-only")
    for evidence_id, reading in readings:
        if reading.value >= 1 and "configured" in reading.labels.get("used_by", "") and refused >= TYPICAL:
            mount = reading.labels.get("mount", "?")
            said = f"{mount} is mounted read-only, and the log says that writing fails for that"
            ids = [evidence_id, *log_evidence(evidence, "filesystem-remounted-read-only")]
            return present(CERTAIN, said, ids, {"mount": mount})
    if readings:
        return absent(RULED_OUT, "the volumes that the application uses are writable")
    return unknown("volumes were not read")


def cgroup_oom(evidence: Evidence) -> Finding:
    """The kernel killed something of ours for memory."""
    for name in ("cgroup.oom_kills", "host.oom_kills"):
        for evidence_id, reading in evidence.observations.indexed(name):
            normal = evidence.baseline.of(reading)
            if normal is not None and reading.value > normal.maximum:
                return present(
                    CERTAIN,
                    f"{reading.value - normal.maximum:.0f} OOM kill(s) since the baseline",
                    [evidence_id],
                )
            used = evidence.observations.value("cgroup.memory.used_ratio", 0.0, pid=reading.labels.get("pid", ""))
            if normal is None and reading.value > 0 and name == "cgroup.oom_kills" and _killed(evidence):
                return present(
                    CERTAIN,
                    f"{reading.value:.0f} OOM kill(s) in the cgroup of the application, {percent(used or 0.0)} of its "
                    "memory in use, and the log says that processes were killed",
                    [evidence_id, *log_evidence(evidence, "cgroup-memory-oom-kill")],
                )
            if normal is None and reading.value > 0 and name == "cgroup.oom_kills":
                return present(
                    TYPICAL,
                    f"{reading.value:.0f} OOM kill(s) in the cgroup of the application",
                    [evidence_id],
                )
    kills = evidence.observations.last("host.oom_kills")
    if kills is not None:
        return absent(-3.0 if kills.value == 0 else -1.0, "no new OOM kill was counted")
    return unknown("OOM counters were not read")


def _killed(evidence: Evidence) -> bool:
    """Whether a log says that processes of ours were killed now."""
    return text_strength(evidence, "cgroup-memory-oom-kill") > 0 or any(
        "SIGKILL" in reading.labels.get("template", "") and reading.value > 0
        for reading in evidence.observations.readings("log.template")
    )


def pids_limit(evidence: Evidence) -> Finding:
    """The cgroup allows no further process or thread."""
    readings = evidence.observations.indexed("cgroup.pids.used_ratio")
    for evidence_id, reading in readings:
        if reading.value > 0.97:
            return present(
                CERTAIN, f"{percent(reading.value)} of the allowed processes and threads exist", [evidence_id]
            )
    if readings:
        return absent(RULED_OUT, "far from the limit of processes and threads")
    return unknown("no limit of processes is set, or it was not read")


def swap_thrash(evidence: Evidence) -> Finding:
    """Pages go in and out while tasks stall for memory."""
    rate = evidence.observations.last("host.swap.rate")
    stalled = evidence.observations.value("host.pressure.memory.full", 0.0) or 0.0
    if rate is None:
        return unknown("swapping was not read")
    if rate.value > 200 and stalled > 0.05:
        return present(
            CERTAIN,
            f"{rate.value:.0f} pages a second are swapped, tasks stall for memory in {percent(stalled)} of the time",
            cite(evidence, "host.swap.rate", "host.pressure.memory.full"),
        )
    return absent(RULED_OUT, f"{rate.value:.0f} pages a second are swapped")


def clock_skew(evidence: Evidence) -> Finding:
    """Our clock differs from everybody else's."""
    readings = [
        *evidence.observations.indexed("service.clock_offset"),
        *evidence.observations.indexed("postgres.clock_offset"),
    ]
    if not readings:
        return unknown("no other clock to compare with")
    evidence_id, worst = max(readings, key=lambda pair: abs(pair[1].value))
    if abs(worst.value) > 60:
        return present(
            STRONG if abs(worst.value) < 300 else CERTAIN,
            f"our clock is off by {worst.value:.0f} s against {worst.labels.get('service', 'the database')}",
            [evidence_id],
        )
    return absent(-4.0, f"our clock is within {abs(worst.value):.1f} s of the others", [evidence_id])


def clock_jump(evidence: Evidence) -> Finding:
    """The clock was set: the moments of a log go back in time."""
    steps = evidence.observations.indexed("log.clock_step")
    if steps:
        evidence_id, biggest = min(steps, key=lambda pair: pair[1].value)
        return present(
            STRONG, f"the moments of the log jump back by {seconds(-biggest.value)} and stay there", [evidence_id]
        )
    text = text_strength(evidence, "clock-jump-breaks-timeouts")
    if text >= TYPICAL:
        return present(
            text, "the log speaks of a clock that was set", log_evidence(evidence, "clock-jump-breaks-timeouts")
        )
    if evidence.observations.readings("log.lines"):
        return absent(-1.0, "the moments of the log only go forward")
    return unknown("no --log was given")


def ephemeral_ports(evidence: Evidence) -> Finding:
    """No local port is left for outgoing connections."""
    reading = evidence.observations.last("host.network.ephemeral_ports_used_ratio")
    if reading is None:
        return unknown("ports were not counted")
    if reading.value > 0.9:
        said = f"{percent(reading.value)} of the ephemeral ports are in use"
        return present(CERTAIN, said, cite(evidence, "host.network.ephemeral_ports_used_ratio"))
    return absent(RULED_OUT, f"{percent(reading.value)} of the ephemeral ports are in use")


def conntrack_full(evidence: Evidence) -> Finding:
    """The connection-tracking table has no room."""
    reading = evidence.observations.last("host.network.conntrack_used_ratio")
    if reading is None:
        return unknown("connection tracking is off or was not read")
    if reading.value > 0.95:
        said = f"{percent(reading.value)} of the connection-tracking table is used"
        return present(CERTAIN, said, cite(evidence, "host.network.conntrack_used_ratio"))
    return absent(RULED_OUT, f"{percent(reading.value)} of the connection-tracking table is used")


def cpu_quota(evidence: Evidence) -> Finding:
    """The cgroup's CPU quota throttles the application."""
    readings = evidence.observations.indexed("cgroup.cpu.throttled_ratio")
    for evidence_id, reading in readings:
        if reading.value > 0.3:
            return present(
                CERTAIN if reading.value > 0.5 else STRONG,
                f"the CPU quota throttled {percent(reading.value)} of the periods",
                [evidence_id],
            )
    if readings:
        return absent(RULED_OUT, "the CPU quota does not throttle")
    return unknown("no CPU quota is set, or it was not read")


def disk_slow(evidence: Evidence) -> Finding:
    """Tasks stall for storage."""
    stalled = evidence.observations.last("host.pressure.io.full")
    if stalled is None:
        return unknown("pressure of storage was not read")
    if stalled.value > 0.2:
        said = f"all tasks stall for storage in {percent(stalled.value)} of the time"
        return present(TYPICAL if stalled.value > 0.4 else HINT, said, cite(evidence, "host.pressure.io.full"))
    return absent(-3.0, f"tasks stall for storage in {percent(stalled.value)} of the time")


DETECTORS = {
    "host-cpu-saturated-by-neighbour": neighbour_eats_cpu,
    "disk-full-app-volume": app_volume_full,
    "inodes-exhausted": inodes_exhausted,
    "host-memory-exhausted": host_memory_exhausted,
    "listen-backlog-overflow": listen_backlog_overflow,
    "filesystem-remounted-read-only": volume_read_only,
    "cgroup-memory-oom-kill": cgroup_oom,
    "pids-limit-reached": pids_limit,
    "swap-thrash": swap_thrash,
    "host-clock-skew": clock_skew,
    "clock-jump-breaks-timeouts": clock_jump,
    "ephemeral-ports-exhausted": ephemeral_ports,
    "conntrack-table-full": conntrack_full,
    "cgroup-cpu-throttled": cpu_quota,
    "disk-io-saturated": disk_slow,
}
