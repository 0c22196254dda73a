"""The host: CPUs, pressure, memory, disks and network, from two samples over a window."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from diagnostics.model.observation import FailureKind, Observation, Reading, Unit
from diagnostics.runtime import host
from diagnostics.runtime.clock import Clock
from diagnostics.system_monitor.probes.notes import Notes, clean

BIGGEST = 5
"""Consumers of CPU that are named."""
_NOTICEABLE_CPUS = 0.01
_DATABASE_COMMANDS = frozenset({"postgres", "postmaster"})
_RUNNABLE_SAMPLES = 10
MOST_FOLDERS = 40
"""Folders of the environment whose volumes are looked at."""
_CLOCK_NOISE = 0.2
"""Steps of the wall clock below this are its own steering and our being interrupted between two readings."""
_PSEUDO = frozenset(
    {"proc", "sysfs", "devtmpfs", "devpts", "cgroup", "cgroup2", "mqueue", "securityfs", "debugfs", "tracefs"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostProbe:
    """Looks at the host on which it runs.

    Attributes:
        pids: The diagnosed processes.
        logs: Log files, whose disks matter.
        paths: Other files and folders that the application needs.
        window_seconds: Time between the two samples.
    """

    pids: tuple[int, ...] = ()
    logs: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    window_seconds: float = 2.0
    name: str = "host"

    @property
    def deadline_seconds(self) -> float:
        return self.window_seconds + 5.0

    def observe(self, clock: Clock) -> Iterable[Observation]:
        """Yield the readings of section Host; the window lies between the first and the last of them."""
        if not host.has_proc():
            yield Notes(clock.now()).failure(
                self.name,
                FailureKind.UNSUPPORTED,
                "this system has no /proc",
                "Run diagnose on the Linux host.",
            )
            return
        before = _Sample.take(clock)
        yield from self._disks(Notes(clock.now(), "statvfs, /proc/self/mountinfo"))
        yield from _memory(Notes(clock.now(), "/proc/meminfo"))
        yield from _sockets(Notes(clock.now(), "/proc/net"))
        runnable = []
        for index in range(_RUNNABLE_SAMPLES):
            runnable.append(host.cpu_times().runnable - 1)  # the reader itself runs while it reads
            left = before.moment + self.window_seconds - clock.monotonic()
            clock.sleep(left / (_RUNNABLE_SAMPLES - index))
        after = _Sample.take(clock)
        yield from _between(before, after, runnable, self.pids, clock)

    def _disks(self, notes: Notes) -> Iterator[Observation]:
        uses = [("/", "root"), (os.environ.get("TMPDIR", "/tmp"), "tmp")]  # noqa: S108 - looked at, not written
        uses += [(str(Path(path).absolute().parent), "log") for path in self.logs]
        uses += [(str(Path(path).absolute()), "app") for path in self.paths]
        for pid in self.pids:
            try:
                uses.append((str(Path(f"/proc/{pid}/cwd").readlink()), "app"))
                uses += [(path, "app") for path in host.descriptors(pid).written_files]
                uses += [(path, "configured") for path in _folders_in(host.environment(pid))]
            except OSError:
                continue  # the process probe says that it is gone or not ours
        yield from disk_readings(uses, host.mounts(), notes)


def _folders_in(environment: Mapping[str, str]) -> list[str]:
    """Return folders that variables name (upload and cache directories): only their volumes are ever shown."""
    found = [
        value for name, value in environment.items() if value.startswith("/") and ":" not in value and name != "PWD"
    ]
    return [value for value in found[:MOST_FOLDERS] if os.path.isdir(value)]  # noqa: PTH112 - Path raises where it may not look


def disk_readings(uses: Iterable[tuple[str, str]], mounts: list[host.Mount], notes: Notes) -> Iterator[Observation]:
    """Yield free space of each file system that is used, once, with all its uses."""
    by_mount: dict[str, tuple[host.Mount, str, list[str]]] = {}
    for path, use in uses:
        existing = _existing(path)
        mount = host.mount_of(existing, mounts)
        if mount is None or mount.kind in _PSEUDO:
            continue
        entry = by_mount.setdefault(mount.point, (mount, existing, []))
        if use not in entry[2]:
            entry[2].append(use)
    for mount, path, used_by in by_mount.values():
        try:
            space = os.statvfs(path)
        except OSError as error:
            yield notes.failure("host.disk.free_ratio", FailureKind.ERROR, str(error), mount=mount.point)
            continue
        labels = {"mount": mount.point, "path": path, "used_by": "+".join(used_by)}
        if space.f_blocks:
            # What an ordinary user may take of what he could ever have; the reserve is root's.
            usable = space.f_blocks - space.f_bfree + space.f_bavail
            yield notes.reading("host.disk.free_ratio", space.f_bavail / max(1, usable), Unit.RATIO, **labels)
            yield notes.reading("host.disk.free_bytes", space.f_bavail * space.f_frsize, Unit.BYTES, **labels)
        if space.f_files:
            yield notes.reading("host.disk.inodes_free_ratio", space.f_favail / space.f_files, Unit.RATIO, **labels)
        yield notes.flag("host.disk.read_only", mount.read_only or bool(space.f_flag & os.ST_RDONLY), **labels)


def _existing(path: str) -> str:
    """Return the path, or the nearest folder above it that exists."""
    here = Path(path)
    while not os.path.exists(here) and here != here.parent:  # noqa: PTH110 - Path raises where it may not look
        here = here.parent
    return os.path.realpath(here)


def _memory(notes: Notes) -> Iterator[Reading]:
    memory = host.meminfo()
    yield notes.reading("host.memory.total", memory.get("MemTotal", 0), Unit.BYTES)
    available = memory.get("MemAvailable", memory.get("MemFree", 0) + memory.get("Cached", 0))
    yield notes.reading("host.memory.available", available, Unit.BYTES)
    yield notes.reading("host.swap.used", memory.get("SwapTotal", 0) - memory.get("SwapFree", 0), Unit.BYTES)


def _sockets(notes: Notes) -> Iterator[Reading]:
    sockets = host.tcp_sockets()
    states: dict[str, int] = {}
    for socket in sockets:
        states[socket.state] = states.get(socket.state, 0) + 1
    for state, count in sorted(states.items()):
        yield notes.reading("host.network.sockets", count, Unit.COUNT, state=state)
    bounds = host.read_or_empty("/proc/sys/net/ipv4/ip_local_port_range").split()
    if len(bounds) == 2:
        low, high = int(bounds[0]), int(bounds[1])
        # A port is used up only towards one destination: what counts is the fullest of them.
        ports: dict[tuple[str, int], set[int]] = {}
        for socket in sockets:
            if socket.state != "LISTEN" and low <= socket.local_port <= high:
                ports.setdefault((socket.remote_host, socket.remote_port), set()).add(socket.local_port)
        fullest = max((len(used) for used in ports.values()), default=0)
        yield notes.reading("host.network.ephemeral_ports_used_ratio", fullest / (high - low + 1), Unit.RATIO)
    used = host.read_integer("/proc/sys/net/netfilter/nf_conntrack_count")
    limit = host.read_integer("/proc/sys/net/netfilter/nf_conntrack_max")
    if used is not None and limit:
        yield notes.reading("host.network.conntrack_used_ratio", used / limit, Unit.RATIO)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    moment: float
    cpu: host.CpuTimes
    stalls: Mapping[str, float]
    paging: Mapping[str, int]
    network: Mapping[str, int]
    disks: Mapping[str, host.DiskCounters]
    processes: Mapping[int, host.ProcessStat]
    wall: float

    @staticmethod
    def take(clock: Clock) -> _Sample:
        stalls = {
            f"{resource}.{kind}": seconds
            for resource in ("cpu", "memory", "io")
            for kind, seconds in host.pressure(resource).items()
        }
        return _Sample(
            moment=clock.monotonic(),
            cpu=host.cpu_times(),
            stalls=stalls,
            paging=host.vmstat(),
            network=host.network_counters(),
            disks=host.disk_counters(),
            wall=clock.now().timestamp(),
            processes=host.all_processes(),
        )


def _between(
    before: _Sample, after: _Sample, runnable: list[int], pids: tuple[int, ...], clock: Clock
) -> Iterator[Observation]:
    seconds = max(1e-3, after.moment - before.moment)
    notes = Notes(clock.now(), "/proc/stat")
    count = host.cpu_count()
    consumers = _consumers(before, after, seconds)
    own = 0.0 if os.getpid() in pids else consumers.pop(os.getpid(), 0.0)

    total = max(1, after.cpu.total - before.cpu.total)
    busy = max(0.0, (after.cpu.busy - before.cpu.busy) / total - own / count)  # without our own looking
    yield notes.reading("host.cpu.count", count, Unit.COUNT)
    yield notes.reading("host.cpu.utilization", min(1.0, busy), Unit.RATIO)
    yield notes.reading("host.cpu.iowait", max(0.0, (after.cpu.iowait - before.cpu.iowait) / total), Unit.RATIO)
    yield notes.reading("host.cpu.steal", max(0.0, (after.cpu.steal - before.cpu.steal) / total), Unit.RATIO)
    yield notes.of("/proc/loadavg").reading("host.load.per_cpu", os.getloadavg()[0] / count, Unit.RATIO)
    yield notes.reading("host.cpu.runnable", max(0.0, sum(runnable) / len(runnable)), Unit.COUNT)

    stalled = notes.of("/proc/pressure")
    for name, seconds_before in before.stalls.items():
        if name == "cpu.full":
            continue  # meaningless for a whole host
        share = (after.stalls.get(name, seconds_before) - seconds_before) / seconds
        yield stalled.reading(f"host.pressure.{name}", min(1.0, max(0.0, share)), Unit.RATIO)

    pages = sum(_grown(before.paging, after.paging, name) for name in ("pswpin", "pswpout"))
    yield notes.of("/proc/vmstat").reading("host.swap.rate", pages / seconds, Unit.PER_SECOND)
    if "oom_kill" in after.paging:
        yield notes.of("/proc/vmstat").reading("host.oom_kills", after.paging["oom_kill"], Unit.COUNT)
    net = notes.of("/proc/net/snmp, /proc/net/netstat")
    for name, counter in (
        ("host.network.retransmit_rate", "Tcp.RetransSegs"),
        ("host.network.listen_overflow_rate", "TcpExt.ListenOverflows"),
    ):
        if counter in after.network:
            rate = _grown(before.network, after.network, counter) / seconds
            yield net.reading(name, rate, Unit.PER_SECOND)
    yield from _devices(before, after, seconds, notes.of("/proc/diskstats"))
    step = (after.wall - before.wall) - (after.moment - before.moment)
    yield notes.of("wall clock against monotonic clock").reading(
        "host.clock.step", step if abs(step) > _CLOCK_NOISE else 0.0, Unit.SECONDS
    )
    steered = host.clock_state()
    if steered is not None:
        clocks = notes.of("adjtimex")
        yield clocks.flag("host.clock.synchronized", steered.synchronized)
        yield clocks.reading("host.clock.most_error", steered.most_error, Unit.SECONDS)
    yield from _biggest(consumers, after.processes, pids, notes.of("/proc/<pid>/stat"))


def _devices(before: _Sample, after: _Sample, seconds: float, notes: Notes) -> Iterator[Reading]:
    """Yield how long requests took and how busy the device was; nothing of devices that had no request."""
    for device, now in after.disks.items():
        old = before.disks.get(device)
        if old is None or now.requests <= old.requests:
            continue
        latency = max(0.0, now.waited - old.waited) / (now.requests - old.requests)
        busy = min(1.0, max(0.0, now.busy - old.busy) / seconds)
        yield notes.reading("host.disk.latency", latency, Unit.SECONDS, device=device)
        yield notes.reading("host.disk.busy", busy, Unit.RATIO, device=device)


def _grown(before: Mapping[str, int], after: Mapping[str, int], name: str) -> int:
    return max(0, after.get(name, 0) - before.get(name, 0))


def _consumers(before: _Sample, after: _Sample, seconds: float) -> dict[int, float]:
    """Return the CPUs that each process used; one that started meanwhile began at zero."""
    tick = host.ticks_per_second()
    used = {}
    for pid, stat in after.processes.items():
        earlier = before.processes.get(pid)
        same = earlier is not None and earlier.start_ticks == stat.start_ticks
        used[pid] = max(0, stat.ticks - (earlier.ticks if earlier is not None and same else 0)) / tick / seconds
    return used


def _biggest(
    consumers: Mapping[int, float],
    processes: Mapping[int, host.ProcessStat],
    pids: tuple[int, ...],
    notes: Notes,
) -> Iterator[Reading]:
    ours = {member.pid for pid in pids for member in host.family(pid, processes)}
    order = sorted(consumers, key=lambda pid: -consumers[pid])[:BIGGEST]
    for pid in order:
        if consumers[pid] < _NOTICEABLE_CPUS:
            break
        command = processes[pid].command
        belongs = pid in ours or command in _DATABASE_COMMANDS
        shown = clean(" ".join(host.command_line(pid)) or command, 120)
        labels = {"pid": pid, "command": shown, "ours": "true" if belongs else "false"}
        yield notes.reading("host.process.cpu", consumers[pid], Unit.COUNT, **labels)
