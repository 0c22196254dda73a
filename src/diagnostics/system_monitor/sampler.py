"""Sampler: the host and our own process, from raw ``/proc`` files that are kept open.

A sample at one a second is meant to cost a few tenths of a millisecond. What moves fast is read each time; what moves
slowly (pressure, TCP counters, control group, paging, space on disks) at most every :data:`SLOW_SECONDS`, and its rates
are those over that time.
"""

from __future__ import annotations

import os
import re
import resource
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import CLOCK_MONOTONIC, CLOCK_REALTIME, clock_gettime

from diagnostics.errors import ProbeError
from diagnostics.runtime.groups import GroupLimits, limits
from diagnostics.runtime.procfs import has_proc
from diagnostics.system_monitor.sample import (
    CpuUse,
    DiskUse,
    HostSample,
    MemoryUse,
    NetworkUse,
    OtherProcess,
    ProcessUse,
    VolumeUse,
)

SLOW_SECONDS = 5.0
MOST_KEPT = 256
"""Descriptors that stay open for samples with all processes; never more than an eighth of what we may have."""
_CLOCK_NOISE = 0.05
"""Steps of the wall clock below this are the clock's own steering and our being interrupted between two readings."""
_SECTOR = 512
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICK = os.sysconf("SC_CLK_TCK")
_BUFFER = 1 << 16
_MEMORY = {
    name: re.compile(rb"^" + name.encode() + rb": +(\d+)", re.MULTILINE)
    for name in ("MemTotal", "MemFree", "MemAvailable", "SwapTotal", "SwapFree")
}
_SCALARS = re.compile(rb"^(ctxt|procs_running|procs_blocked) (\d+)", re.MULTILINE)
_PAGING = re.compile(rb"^(?:pswpin|pswpout|oom_kill) (\d+)$", re.MULTILINE)
_TCP = re.compile(rb"^Tcp: (?=-?\d)(.*)$", re.MULTILINE)
_TCP_NAMES = re.compile(rb"^Tcp: (?=[A-Z])(.*)$", re.MULTILINE)
_TCPEXT = re.compile(rb"^TcpExt: (?=-?\d)(.*)$", re.MULTILINE)
_TCPEXT_NAMES = re.compile(rb"^TcpExt: (?=[A-Z])(.*)$", re.MULTILINE)
_TOTAL = re.compile(rb"^(some|full) .*total=(\d+)", re.MULTILINE)
_SKIPPED_DISKS = (b"loop", b"ram", b"zram", b"sr", b"fd")


class Sampler:
    """Reads counters and remembers those of the sample before.

    Safe to use after a fork: a child opens the files anew.

    Args:
        volumes: Paths whose file systems are looked at.
        proc: Where the kernel's counters are; another folder for a container that sees its host's.
        groups: Where the control groups are mounted.

    Raises:
        ProbeError: There is no ``/proc``.
    """

    def __init__(self, volumes: Sequence[str] = ("/",), *, proc: str = "/proc", groups: str = "/sys/fs/cgroup") -> None:
        self._proc = proc
        self._groups = Path(groups)
        if not has_proc():
            raise ProbeError(
                "This system has no /proc.", hint="Samples need Linux; get_current_metrics works anywhere."
            )
        self._volumes = tuple(volumes)
        self._files: dict[str, int] = {}
        self._stats: dict[str, int] = {}
        self._pid = 0
        self._open()

    def _open(self) -> None:
        self.close()
        self._pid = os.getpid()
        self.limits: GroupLimits = limits(root=self._groups)
        self._pressure = self._pressure_files()
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._descriptor_limit = None if soft == resource.RLIM_INFINITY else soft
        self._fast: _Fast | None = None
        self._slow: _Slow | None = None
        self._slow_rates: dict[str, float] = {}
        self._stalled: dict[str, float] = {}
        self._others: dict[str, tuple[int, int]] = {}
        self._most_stats = min(MOST_KEPT, (self._descriptor_limit or 8 * MOST_KEPT) // 8)
        low, _, high = (self._read(f"{self._proc}/sys/net/ipv4/ip_local_port_range") or b"").partition(b"\t")
        self._ports = int(high) - int(low) + 1 if low.strip().isdigit() and high.strip().isdigit() else 0

    def _pressure_files(self) -> dict[str, str]:
        folder = self.limits.pressure
        if folder is not None and (self.limits.cpus is not None or self.limits.memory is not None):
            return {name: f"{folder}/{name}.pressure" for name in ("cpu", "memory", "io")}
        return {name: f"{self._proc}/pressure/{name}" for name in ("cpu", "memory", "io")}

    def _read(self, path: str) -> bytes:
        """Return the content of a small file that stays open; nothing where there is none."""
        file = self._files.get(path)
        if file is None:
            try:
                file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except OSError:
                file = -1
            self._files[path] = file
        if file < 0:
            return b""
        try:
            return os.pread(file, _BUFFER, 0)
        except OSError:
            return b""

    def close(self) -> None:
        """Close the files; the next sample opens them again."""
        for file in (*self._files.values(), *self._stats.values()):
            if file >= 0:
                os.close(file)
        self._files.clear()
        self._stats.clear()
        self._pid = 0

    def sample(self, *, processes: bool = False, complete: bool = False) -> HostSample:
        """Return the state now; rates are those since the sample before, of the first those since boot or start.

        Args:
            processes: With all processes.
            complete: Read what moves slowly, too, however lately it was read.
        """
        if os.getpid() != self._pid:
            self._open()
        fast = _Fast(self)
        before = self._fast
        slow = self._slow
        if slow is None or complete or fast.at - slow.at >= SLOW_SECONDS:
            new = _Slow(self, fast.at)
            self._slow_rates, self._stalled = new.rates(slow), new.stalled(slow)
            self._slow = slow = new
        self._fast = fast
        others = self._all(fast, before) if processes else ()
        return _assemble(self, before, fast, slow, self._slow_rates, self._stalled, others)

    def _all(self, fast: _Fast, before: _Fast | None) -> tuple[OtherProcess, ...]:
        seconds = fast.at - before.at if before is not None else 0.0
        earlier, now, found = self._others, {}, []
        for name in os.listdir(self._proc):  # noqa: PTH208 - names only
            if not name[0].isdigit():
                continue
            head, _, tail = self._stat_of(name).rpartition(b") ")
            fields = tail.split(None, 22)
            if len(fields) < 22:
                continue  # it ended between the listing and the reading
            ticks, start, pid = int(fields[11]) + int(fields[12]), int(fields[19]), int(name)
            now[name] = (start, ticks)
            known = earlier.get(name)
            if known is not None and known[0] == start and seconds > 0:
                cpu = (ticks - known[1]) / _TICK / seconds
            else:
                cpu = ticks / _TICK / max(1e-3, fast.at - start / _TICK)
            command = head.partition(b"(")[2].decode("utf-8", "replace")
            rss = int(fields[21]) * _PAGE
            found.append(OtherProcess(pid, command, chr(fields[0][0]), cpu, rss, int(fields[17])))
        self._others = now
        for name in self._stats.keys() - now.keys():
            os.close(self._stats.pop(name))
        return tuple(found)

    def _stat_of(self, name: str) -> bytes:
        """Return the ``stat`` line of a process; its file stays open, which halves the cost, while there are few."""
        file = self._stats.get(name)
        if file is not None:
            try:
                return os.pread(file, 1024, 0)
            except OSError:  # it ended; another one may have its number by now
                os.close(self._stats.pop(name))
        try:
            file = os.open(f"{self._proc}/{name}/stat", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return b""
        try:
            text = os.pread(file, 1024, 0)
        except OSError:
            text = b""
        if text and len(self._stats) < self._most_stats:
            self._stats[name] = file
        else:
            os.close(file)
        return text


class _Fast:
    """What is read for every sample."""

    __slots__ = ("at", "cpus", "disks", "interfaces", "memory", "process", "scalars", "wall")

    def __init__(self, sampler: Sampler) -> None:
        read, proc = sampler._read, sampler._proc  # noqa: SLF001 - one module
        self.at = clock_gettime(CLOCK_MONOTONIC)
        self.wall = clock_gettime(CLOCK_REALTIME)
        stat = read(f"{proc}/stat")
        # The line of interrupts may be longer than all others together: it is stepped over.
        end = stat.find(b"\nintr ")
        head = stat[:end] if end >= 0 else stat
        self.cpus: list[list[int]] = [
            list(map(int, line.split(None, 9)[1:9])) for line in head.split(b"\n") if line.startswith(b"cpu")
        ]
        self.scalars: dict[bytes, int] = {name: int(value) for name, value in _SCALARS.findall(stat, max(0, end))}
        memory = read(f"{proc}/meminfo")
        self.memory = {
            name: int(found[1]) * 1024 if (found := form.search(memory)) else 0 for name, form in _MEMORY.items()
        }
        self.disks: dict[bytes, list[int]] = {}
        for line in read(f"{proc}/diskstats").split(b"\n"):
            parts = line.split()
            if len(parts) > 13 and (parts[3] != b"0" or parts[7] != b"0") and not parts[2].startswith(_SKIPPED_DISKS):
                self.disks[parts[2]] = list(map(int, parts[3:14]))
        self.interfaces: dict[bytes, list[int]] = {}
        for line in read(f"{proc}/net/dev").split(b"\n")[2:]:
            name, _, numbers = line.partition(b":")
            if numbers:
                self.interfaces[name.strip()] = list(map(int, numbers.split()))
        usage = resource.getrusage(resource.RUSAGE_SELF)
        pages = read("/proc/self/statm").split()
        self.process = (
            usage.ru_utime + usage.ru_stime,
            int(pages[1]) * _PAGE if len(pages) > 1 else 0,
            max(1, os.stat("/proc/self/task").st_nlink - 2),  # noqa: PTH116 - no Path object per sample
            _descriptors(),
            usage.ru_nvcsw,
            usage.ru_nivcsw,
            usage.ru_majflt,
        )


def _descriptors() -> int:
    size = os.stat("/proc/self/fd").st_size  # noqa: PTH116 - no Path object per sample
    # Kernels since 6.2 say the number here; older ones have to be asked for the list, which is open itself.
    return size or len(os.listdir("/proc/self/fd")) - 1  # noqa: PTH208 - names only


class _Slow:
    """What is read now and then."""

    __slots__ = ("at", "counters", "group_used", "loads", "oom_kills", "sockets", "stalls", "volumes")

    def __init__(self, sampler: Sampler, at: float) -> None:
        read, proc = sampler._read, sampler._proc  # noqa: SLF001 - one module
        self.at = at
        self.loads = os.getloadavg()  # the kernel makes them anew each five seconds
        self.volumes = tuple(found for path in sampler._volumes if (found := _volume(path)) is not None)  # noqa: SLF001
        paging = {found[0].partition(b" ")[0]: int(found[1]) for found in _PAGING.finditer(read(f"{proc}/vmstat"))}
        tcp = _named(read(f"{proc}/net/snmp"), _TCP_NAMES, _TCP)
        more = _named(read(f"{proc}/net/netstat"), _TCPEXT_NAMES, _TCPEXT)
        ran, waited = _scheduled(read("/proc/self/schedstat"))
        throttled = _keyed(read(sampler.limits.cpu_stat)) if sampler.limits.cpu_stat else {}
        self.oom_kills = paging.get(b"oom_kill", 0)
        self.counters: dict[str, int] = {
            "swap": paging.get(b"pswpin", 0) + paging.get(b"pswpout", 0),
            "sent_again": tcp.get(b"RetransSegs", 0),
            "sent": tcp.get(b"OutSegs", 0),
            "overflows": more.get(b"ListenOverflows", 0),
            "ran": ran,
            "waited": waited,
            "periods": throttled.get(b"nr_periods", 0),
            "throttled": throttled.get(b"nr_throttled", 0),
        }
        self.sockets = _sockets(read(f"{proc}/net/sockstat"), read(f"{proc}/net/sockstat6"), tcp)
        self.stalls: dict[str, int] = {}
        for resource_name, path in sampler._pressure.items():  # noqa: SLF001 - one module
            for kind, total in _TOTAL.findall(read(path)):
                self.stalls[f"{resource_name}.{kind.decode()}"] = int(total)
        self.group_used: int | None = None
        if sampler.limits.memory_used and sampler.limits.memory_stat:
            used = read(sampler.limits.memory_used).strip()
            cache = _keyed(read(sampler.limits.memory_stat)).get(sampler.limits.reclaimable.encode(), 0)
            self.group_used = max(0, int(used) - cache) if used.isdigit() else None

    def rates(self, before: _Slow | None) -> dict[str, float]:
        """Return the growth of each counter: a second, for what is a rate, or in all, for what is a share."""
        seconds = max(1e-3, self.at - before.at) if before is not None else max(1e-3, self.at)
        old = before.counters if before is not None else dict.fromkeys(self.counters, 0)
        grown = {name: max(0, value - old[name]) for name, value in self.counters.items()}
        wanted = grown["ran"] + grown["waited"]
        return {
            "swap": grown["swap"] / seconds,
            "sent_again": grown["sent_again"] / seconds,
            "sent_again_ratio": grown["sent_again"] / grown["sent"] if grown["sent"] else 0.0,
            "overflows": grown["overflows"] / seconds,
            "wait_share": grown["waited"] / wanted if wanted else 0.0,
            "throttled_ratio": grown["throttled"] / grown["periods"] if grown["periods"] else 0.0,
        }

    def stalled(self, before: _Slow | None) -> dict[str, float]:
        """Return the share of the time in which tasks waited for each resource; nothing is known the first time."""
        seconds = max(1e-3, self.at - before.at) if before is not None else 1.0
        old = before.stalls if before is not None else self.stalls
        return {
            name: min(1.0, max(0.0, (total - old.get(name, total)) / 1e6 / seconds))
            for name, total in self.stalls.items()
            if name != "cpu.full"  # meaningless for a whole host
        }


def _named(text: bytes, names: re.Pattern[bytes], numbers: re.Pattern[bytes]) -> dict[bytes, int]:
    head, values = names.search(text), numbers.search(text)
    if head is None or values is None:
        return {}
    return dict(zip(head[1].split(), map(int, values[1].split()), strict=False))


def _keyed(text: bytes) -> dict[bytes, int]:
    pairs = (line.split() for line in text.split(b"\n"))
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}


def _scheduled(text: bytes) -> tuple[int, int]:
    """Return nanoseconds that the main thread ran, and waited for a CPU."""
    fields = text.split()
    return (int(fields[0]), int(fields[1])) if len(fields) > 1 else (0, 0)


def _sockets(four: bytes, six: bytes, tcp: Mapping[bytes, int]) -> dict[str, int]:
    found = {"established": tcp.get(b"CurrEstab", 0), "time_wait": 0, "orphan": 0, "used": 0}
    for text in (four, six):
        for line in text.split(b"\n"):
            if line.startswith((b"TCP:", b"TCP6:")):
                parts = line.split()[1:]
                pairs = dict(zip(parts[::2], parts[1::2], strict=False))
                found["time_wait"] += int(pairs.get(b"tw", 0))
                found["orphan"] += int(pairs.get(b"orphan", 0))
                found["used"] += int(pairs.get(b"inuse", 0))
    return found


def _assemble(
    sampler: Sampler,
    before: _Fast | None,
    now: _Fast,
    slow: _Slow,
    rates: Mapping[str, float],
    pressure: Mapping[str, float],
    processes: tuple[OtherProcess, ...],
) -> HostSample:
    seconds = max(1e-6, now.at - before.at) if before is not None else max(1e-3, now.at)
    step = 0.0
    if before is not None:
        step = (now.wall - before.wall) - (now.at - before.at)
        step = step if abs(step) > _CLOCK_NOISE else 0.0
    return HostSample(
        at=now.wall,
        seconds=seconds if before is not None else 0.0,
        cpu=_cpu(sampler, before, now, slow, seconds, rates),
        memory=MemoryUse(
            total=now.memory["MemTotal"],
            available=now.memory["MemAvailable"] or now.memory["MemFree"],
            swap_total=now.memory["SwapTotal"],
            swap_used=now.memory["SwapTotal"] - now.memory["SwapFree"],
            swap_rate=rates["swap"],
            oom_kills=slow.oom_kills,
            group_limit=sampler.limits.memory,
            group_used=slow.group_used,
        ),
        pressure=pressure,
        disks=tuple(
            _disk(name, numbers, before.disks.get(name) if before else None, seconds)
            for name, numbers in now.disks.items()
        ),
        volumes=slow.volumes,
        network=_network(sampler, before, now, slow, seconds, rates),
        process=_process(sampler, before, now, seconds, rates),
        clock_step=step,
        processes=processes,
    )


def _cpu(
    sampler: Sampler, before: _Fast | None, now: _Fast, slow: _Slow, seconds: float, rates: Mapping[str, float]
) -> CpuUse:
    shares = []
    for index, fields in enumerate(now.cpus):
        old = before.cpus[index] if before is not None and len(before.cpus) == len(now.cpus) else [0] * 8
        user, nice, system, idle, iowait, irq, softirq, steal = map(int.__sub__, fields, old)
        total = max(1, user + nice + system + idle + iowait + irq + softirq + steal)
        shares.append((max(0, total - idle - iowait - steal) / total, max(0, iowait) / total, max(0, steal) / total))
    whole = shares[0] if shares else (0.0, 0.0, 0.0)
    switches = now.scalars.get(b"ctxt", 0) - (before.scalars.get(b"ctxt", 0) if before is not None else 0)
    return CpuUse(
        utilization=whole[0],
        iowait=whole[1],
        steal=whole[2],
        each=tuple(share[0] for share in shares[1:]),
        runnable=max(0, now.scalars.get(b"procs_running", 1) - 1),
        blocked=now.scalars.get(b"procs_blocked", 0),
        load=slow.loads,
        switch_rate=switches / seconds,
        available=sampler.limits.cpus or float(max(1, len(shares) - 1)),
        throttled_ratio=rates["throttled_ratio"] if sampler.limits.cpu_stat else None,
    )


def _disk(name: bytes, numbers: list[int], old: list[int] | None, seconds: float) -> DiskUse:
    reads, _, read_sectors, read_ms, writes, _, write_sectors, write_ms, _, busy_ms, *_ = (
        [a - b for a, b in zip(numbers, old, strict=False)] if old is not None else numbers
    )
    requests = reads + writes
    return DiskUse(
        device=name.decode(),
        read_rate=reads / seconds,
        write_rate=writes / seconds,
        read_bytes_rate=read_sectors * _SECTOR / seconds,
        write_bytes_rate=write_sectors * _SECTOR / seconds,
        latency=(read_ms + write_ms) / 1000.0 / requests if requests > 0 else 0.0,
        busy=min(1.0, max(0.0, busy_ms / 1000.0 / seconds)),
    )


def _volume(path: str) -> VolumeUse | None:
    try:
        found = os.statvfs(path)
    except OSError:
        return None
    return VolumeUse(
        path=path,
        total_bytes=found.f_blocks * found.f_frsize,
        free_bytes=found.f_bavail * found.f_frsize,
        free_ratio=found.f_bavail / found.f_blocks if found.f_blocks else 1.0,
        inodes_free_ratio=found.f_favail / found.f_files if found.f_files else 1.0,
        read_only=bool(found.f_flag & os.ST_RDONLY),
    )


def _network(
    sampler: Sampler, before: _Fast | None, now: _Fast, slow: _Slow, seconds: float, rates: Mapping[str, float]
) -> NetworkUse:
    received = sent = errors = drops = 0
    for name, numbers in now.interfaces.items():
        if name == b"lo":
            continue
        old = (before.interfaces.get(name) if before is not None else None) or [0] * 16
        received += numbers[0] - old[0]
        sent += numbers[8] - old[8]
        errors += numbers[2] - old[2] + numbers[10] - old[10]
        drops += numbers[3] - old[3] + numbers[11] - old[11]
    used = slow.sockets["used"] + slow.sockets["time_wait"]
    return NetworkUse(
        received_bytes_rate=max(0, received) / seconds,
        sent_bytes_rate=max(0, sent) / seconds,
        error_rate=max(0, errors) / seconds,
        drop_rate=max(0, drops) / seconds,
        retransmit_rate=rates["sent_again"],
        retransmit_ratio=min(1.0, rates["sent_again_ratio"]),
        listen_overflow_rate=rates["overflows"],
        sockets=slow.sockets,
        ports_used_ratio=min(1.0, used / sampler._ports) if sampler._ports else 0.0,  # noqa: SLF001 - one module
    )


def _process(
    sampler: Sampler, before: _Fast | None, now: _Fast, seconds: float, rates: Mapping[str, float]
) -> ProcessUse:
    cpu, rss, threads, descriptors, switches, preempted, faults = now.process
    old = before.process if before is not None else (0.0, 0, 0, 0, 0, 0, 0)
    return ProcessUse(
        pid=os.getpid(),
        cpu=max(0.0, cpu - old[0]) / seconds,
        wait_share=rates["wait_share"],
        rss=rss,
        threads=threads,
        descriptors=descriptors,
        descriptor_limit=sampler._descriptor_limit,  # noqa: SLF001 - one module
        switch_rate=(switches - old[4]) / seconds,
        preempted_rate=(preempted - old[5]) / seconds,
        fault_rate=(faults - old[6]) / seconds,
    )
