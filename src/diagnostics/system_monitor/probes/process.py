"""The diagnosed processes, each with its descendants: life, CPU, memory, descriptors, sockets, limits."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from diagnostics.model.observation import FailureKind, Observation, Reading, Unit
from diagnostics.runtime import host
from diagnostics.runtime.clock import Clock
from diagnostics.system_monitor.probes.notes import Notes, clean

BIGGEST_SOCKET_GROUPS = 20
_BACKLOG_SAMPLES = 5
_NOT_OURS = "Run diagnose as the same user as the process, or as root."


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessProbe:
    """Looks at each process and all its descendants; sums go under the given pid.

    Attributes:
        pids: The diagnosed processes.
        window_seconds: Time between the two samples.
    """

    pids: tuple[int, ...]
    window_seconds: float = 2.0
    name: str = "process"

    @property
    def deadline_seconds(self) -> float:
        return self.window_seconds + 5.0

    def observe(self, clock: Clock) -> Iterable[Observation]:
        """Yield the readings of section Process, stacks excepted."""
        if not host.has_proc():
            yield Notes(clock.now()).failure(
                self.name,
                FailureKind.UNSUPPORTED,
                "this system has no /proc",
                "Run diagnose on the Linux host.",
            )
            return
        before = _Sample.take(self.pids, clock)
        for pid in self.pids:
            yield from _at_once(pid, before, clock)
        backlogs = {pid: [before.backlog(pid)] for pid in self.pids}
        for index in range(_BACKLOG_SAMPLES - 1):
            left = before.moment + self.window_seconds - clock.monotonic()
            clock.sleep(left / (_BACKLOG_SAMPLES - 1 - index))
            for pid, seen in backlogs.items():
                if before.ports.get(pid):
                    seen.append(_listening(pid, before.inodes[pid]))
        after = _Sample.take(self.pids, clock)
        for pid in self.pids:
            if before.families[pid]:
                yield from _over_time(pid, before, after, clock)
                yield from _backlog(backlogs[pid], Notes(clock.now(), "/proc/<pid>/net/tcp", (("pid", str(pid)),)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    moment: float
    families: Mapping[int, list[host.ProcessStat]]
    scheduler: Mapping[int, tuple[int, int]]
    cgroups: Mapping[int, host.Cgroup]
    inodes: Mapping[int, frozenset[int]]
    ports: Mapping[int, Mapping[int, int]]

    @staticmethod
    def take(pids: tuple[int, ...], clock: Clock) -> _Sample:
        moment = clock.monotonic()
        everything = host.all_processes()
        families = {pid: host.family(pid, everything) for pid in pids}
        members = {stat.pid for group in families.values() for stat in group}
        inodes = {pid: _inodes(group) for pid, group in families.items()}
        return _Sample(
            moment=moment,
            families=families,
            scheduler={pid: host.scheduler_times(pid) for pid in members},
            cgroups={pid: host.cgroup(pid) for pid, group in families.items() if group},
            inodes=inodes,
            ports={pid: _listening(pid, inodes[pid]) for pid, group in families.items() if group},
        )

    def backlog(self, pid: int) -> Mapping[int, int]:
        return self.ports.get(pid, {})


def _inodes(group: list[host.ProcessStat]) -> frozenset[int]:
    found: set[int] = set()
    for stat in group:
        try:
            found |= host.descriptors(stat.pid, most_written=0).socket_inodes
        except OSError:
            continue  # said once, where the process is looked at
    return frozenset(found)


def _listening(pid: int, inodes: frozenset[int]) -> dict[int, int]:
    """Return connections that wait to be accepted, by port."""
    waiting: dict[int, int] = {}
    for socket in host.tcp_sockets(pid):
        if socket.state == "LISTEN" and socket.inode in inodes:
            waiting[socket.local_port] = waiting.get(socket.local_port, 0) + socket.waiting
    return waiting


def _at_once(pid: int, sample: _Sample, clock: Clock) -> Iterator[Observation]:
    notes = Notes(clock.now(), "/proc/<pid>", (("pid", str(pid)),))
    group = sample.families[pid]
    if not group or group[0].state in "ZX":
        gone = "is a zombie: it ended and its parent has not asked why" if group else "does not exist"
        hint = "Give the pid of the running service (systemctl show -p MainPID, or pgrep -f)."
        yield notes.failure("process", FailureKind.NOT_FOUND, f"process {pid} {gone}", hint)
        if not group:
            return
    root = group[0]
    command = clean(" ".join(host.command_line(pid)) or root.command, 200)
    if root.state not in "ZX":
        yield notes.flag("process.alive", command=command)
    # By the time since boot: the clock may have been set since, or be wrong.
    age = host.uptime() - root.start_ticks / host.ticks_per_second()
    yield notes.reading("process.age", max(0.0, age), Unit.SECONDS)
    yield notes.flag("process.state", state=root.state)
    alive = [stat for stat in group if stat.state not in "ZX"]
    yield notes.reading("process.threads", sum(stat.threads for stat in alive), Unit.COUNT)
    yield notes.reading("process.children", sum(1 for stat in alive if stat.pid != pid), Unit.COUNT)
    yield notes.reading("process.zombies", sum(1 for stat in group[1:] if stat.state == "Z"), Unit.COUNT)
    yield from _descriptors(pid, alive, notes)
    yield from _sockets(pid, sample, notes.of("/proc/<pid>/net/tcp"))
    yield from _environment(pid, notes.of("/proc/<pid>/environ"))


def _descriptors(pid: int, group: list[host.ProcessStat], notes: Notes) -> Iterator[Observation]:
    """Yield the descriptors of the member that is nearest to its limit: the limit is each process's own."""
    fullest: tuple[float, host.Descriptors, int | None] | None = None
    for stat in group:
        try:
            opened = host.descriptors(stat.pid, most_written=0)
        except FileNotFoundError:
            continue
        except OSError as error:
            if stat.pid == pid:
                yield notes.failure(
                    "process",
                    FailureKind.FORBIDDEN,
                    f"process {pid} is not ours: {error.strerror}",
                    _NOT_OURS,
                )
            continue
        limit = host.descriptor_limit(stat.pid)
        fullness = opened.total / limit if limit else 0.0
        if fullest is None or fullness > fullest[0]:
            fullest = (fullness, opened, limit)
    if fullest is None:
        return
    _, opened, limit = fullest
    yield notes.reading("process.fds", opened.total, Unit.COUNT)
    if limit is not None:
        yield notes.reading("process.fds.limit", limit, Unit.COUNT)
    for kind, count in sorted(opened.by_kind.items()):
        yield notes.reading("process.fds.kind", count, Unit.COUNT, kind=kind)


def _sockets(pid: int, sample: _Sample, notes: Notes) -> Iterator[Reading]:
    ports = sample.ports.get(pid, {})
    groups: Counter[tuple[str, str, str]] = Counter()
    for socket in host.tcp_sockets(pid) if sample.inodes[pid] else ():
        if socket.inode not in sample.inodes[pid] or socket.state == "LISTEN":
            continue
        accepted = socket.local_port in ports
        remote = f"[{socket.remote_host}]" if ":" in socket.remote_host else socket.remote_host
        # The ports of clients are all different and say nothing.
        remote = f"{remote}:*" if accepted else f"{remote}:{socket.remote_port}"
        groups[socket.state, remote, "in" if accepted else "out"] += 1
    for (state, remote, direction), count in groups.most_common(BIGGEST_SOCKET_GROUPS):
        yield notes.reading("process.sockets", count, Unit.COUNT, state=state, remote=remote, direction=direction)
    for port in sorted(ports):
        yield notes.flag("process.listening", port=port)


def _backlog(samples: list[Mapping[int, int]], notes: Notes) -> Iterator[Reading]:
    """Yield the mean over the window: one connection that is about to be accepted is nothing."""
    for port in sorted({port for sample in samples for port in sample}):
        mean = sum(sample.get(port, 0) for sample in samples) / len(samples)
        yield notes.reading("process.listen_backlog", mean, Unit.COUNT, port=port)


def digest_key() -> bytes:
    """Return this machine's key for digests of environment values: compared here, and nowhere else."""
    machine = host.read_or_empty("/etc/machine-id") or os.uname().nodename
    return hashlib.sha256(b"diagnostics environment digest\0" + machine.strip().encode()).digest()


def environment_digest(name: str, value: str, key: bytes) -> str:
    """Return a short keyed digest: enough to see a change, too little to confirm a guess."""
    return hashlib.blake2b(f"{name}={value}".encode(), key=key, digest_size=4).hexdigest()


def _environment(pid: int, notes: Notes) -> Iterator[Observation]:
    try:
        variables = host.environment(pid)
    except (FileNotFoundError, ProcessLookupError):  # gone, a zombie, or a thread of the kernel
        return
    except OSError as error:
        message = f"the environment of process {pid} is not ours to read: {error.strerror}"
        yield notes.failure("process.environment", FailureKind.FORBIDDEN, message, _NOT_OURS)
        return
    key = digest_key()
    for name, value in sorted(variables.items()):
        yield notes.flag("process.environment", name=clean(name, 100), digest=environment_digest(name, value, key))


def _over_time(pid: int, before: _Sample, after: _Sample, clock: Clock) -> Iterator[Observation]:
    notes = Notes(clock.now(), "/proc/<pid>/stat", (("pid", str(pid)),))
    group = after.families[pid]
    if not group:
        yield notes.failure("process", FailureKind.NOT_FOUND, f"process {pid} ended while we looked")
        return
    seconds = max(1e-3, after.moment - before.moment)
    earlier = {(stat.pid, stat.start_ticks): stat for stat in before.families[pid]}
    ticks = 0
    for stat in group:
        first = earlier.get((stat.pid, stat.start_ticks))
        ticks += stat.ticks - (first.ticks if first else 0)
    yield notes.reading("process.cpu.utilization", max(0, ticks) / host.ticks_per_second() / seconds, Unit.COUNT)

    ran = waited = 0
    for stat in group:
        now, then = after.scheduler.get(stat.pid), before.scheduler.get(stat.pid)
        if now and then:
            ran += max(0, now[0] - then[0])
            waited += max(0, now[1] - then[1])
    scheduled = notes.of("/proc/<pid>/task/*/schedstat")
    share = waited / (ran + waited) if ran + waited else 0.0
    yield scheduled.reading("process.cpu.wait_share", share, Unit.RATIO)

    page = os.sysconf("SC_PAGE_SIZE")
    rss = sum(stat.rss_pages for stat in group) * page
    rss_before = sum(stat.rss_pages for stat in before.families[pid]) * page
    yield notes.reading("process.memory.rss", rss, Unit.BYTES)
    if pid != os.getpid():  # from inside, what we load in order to look would pass for a leak
        yield notes.reading("process.memory.growth", (rss - rss_before) / seconds, Unit.BYTES_PER_SECOND)
    threads = sum(stat.threads for stat in group) - sum(stat.threads for stat in before.families[pid])
    yield notes.reading("process.threads.growth", threads / seconds, Unit.PER_SECOND)
    if pid in before.cgroups and pid in after.cgroups:
        yield from cgroup_readings(before.cgroups[pid], after.cgroups[pid], notes.of("/sys/fs/cgroup"))


def cgroup_readings(before: host.Cgroup, after: host.Cgroup, notes: Notes) -> Iterator[Reading]:
    """Yield how near the control group is to its limits, where it has any."""
    if None not in (before.periods, before.throttled_periods, after.periods, after.throttled_periods):
        periods = (after.periods or 0) - (before.periods or 0)
        throttled = (after.throttled_periods or 0) - (before.throttled_periods or 0)
        ratio = min(1.0, max(0.0, throttled / periods)) if periods > 0 else 0.0
        yield notes.reading("cgroup.cpu.throttled_ratio", ratio, Unit.RATIO)
    if after.memory_limit and after.memory_used is not None:
        yield notes.reading("cgroup.memory.used_ratio", after.memory_used / after.memory_limit, Unit.RATIO)
    if after.oom_kills is not None and after.memory_limit:
        yield notes.reading("cgroup.oom_kills", after.oom_kills, Unit.COUNT)
    if after.pids_limit and after.pids_used is not None:
        yield notes.reading("cgroup.pids.used_ratio", after.pids_used / after.pids_limit, Unit.RATIO)
