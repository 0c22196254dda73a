"""Read the counters of this host and its processes from ``/proc``, as values.

Everything here reads and nothing decides. Files of ``/proc`` are read raw: it costs a third of psutil's way.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from diagnostics.runtime.groups import NO_LIMIT, groups_of
from diagnostics.runtime.procfs import has_proc, read_integer, read_or_empty, read_text

__all__ = ["has_proc", "read_integer", "read_or_empty", "read_text"]

TCP_STATES = {
    "01": "ESTABLISHED", "02": "SYN_SENT", "03": "SYN_RECV", "04": "FIN_WAIT1", "05": "FIN_WAIT2",
    "06": "TIME_WAIT", "07": "CLOSE", "08": "CLOSE_WAIT", "09": "LAST_ACK", "0A": "LISTEN",
    "0B": "CLOSING", "0C": "NEW_SYN_RECV",
}  # fmt: skip
_PROC = Path("/proc")


def ticks_per_second() -> int:
    """Return the unit of CPU times in ``/proc``."""
    return os.sysconf("SC_CLK_TCK")


def cpu_count() -> int:
    """Return the logical CPUs of the host."""
    return os.cpu_count() or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuTimes:
    """Ticks of all CPUs since boot, and tasks that run or want to run now."""

    busy: int
    iowait: int
    steal: int
    total: int
    runnable: int
    boot_time: int


def uptime() -> float:
    """Return the seconds since the kernel started."""
    return float(read_text("/proc/uptime").split()[0])


def cpu_times() -> CpuTimes:
    """Return the counters of ``/proc/stat``."""
    return parse_cpu_times(read_text("/proc/stat"))


def parse_cpu_times(text: str) -> CpuTimes:
    """Return the values of the text of ``/proc/stat``."""
    fields = [0] * 8
    runnable = boot = 0
    for line in text.splitlines():
        if line.startswith("cpu "):
            fields = [int(part) for part in line.split()[1:9]]
        elif line.startswith("procs_running "):
            runnable = int(line.split()[1])
        elif line.startswith("btime "):
            boot = int(line.split()[1])
    fields += [0] * (8 - len(fields))
    user, nice, system, idle, iowait, irq, softirq, steal = fields
    busy = user + nice + system + irq + softirq
    total = busy + idle + iowait + steal
    return CpuTimes(busy=busy, iowait=iowait, steal=steal, total=total, runnable=runnable, boot_time=boot)


def pressure(resource: str) -> dict[str, float]:
    """Return seconds of stall since boot, ``some`` and ``full``; empty where the kernel has no PSI."""
    return parse_pressure(read_or_empty(f"/proc/pressure/{resource}"))


def parse_pressure(text: str) -> dict[str, float]:
    """Return the totals of a pressure file in seconds."""
    totals = {}
    for line in text.splitlines():
        kind, _, rest = line.partition(" ")
        _, found, total = rest.rpartition("total=")
        if found and total.isdigit():
            totals[kind] = int(total) / 1e6
    return totals


def meminfo() -> dict[str, int]:
    """Return ``/proc/meminfo`` in bytes."""
    values = {}
    for line in read_text("/proc/meminfo").splitlines():
        name, _, rest = line.partition(":")
        parts = rest.split()
        if parts:
            values[name] = int(parts[0]) * (1024 if len(parts) > 1 else 1)
    return values


def vmstat() -> dict[str, int]:
    """Return the counters of ``/proc/vmstat``."""
    return {name: int(value) for name, value in (line.split() for line in read_or_empty("/proc/vmstat").splitlines())}


def network_counters() -> dict[str, int]:
    """Return ``Tcp.RetransSegs``, ``TcpExt.ListenOverflows`` and so on."""
    return parse_network_counters(read_or_empty("/proc/net/snmp") + read_or_empty("/proc/net/netstat"))


def parse_network_counters(text: str) -> dict[str, int]:
    """Return the values of lines that come in pairs: names, then numbers."""
    values: dict[str, int] = {}
    lines = text.splitlines()
    for names, numbers in zip(lines[::2], lines[1::2], strict=False):
        group, _, rest = names.partition(":")
        for name, number in zip(rest.split(), numbers.partition(":")[2].split(), strict=False):
            values[f"{group}.{name}"] = int(number)
    return values


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockState:
    """What the kernel knows of its clock: whether anybody steers it, and how wrong it may be, in seconds."""

    synchronized: bool
    most_error: float


def clock_state() -> ClockState | None:
    """Ask ``adjtimex`` without changing anything; None where it cannot be asked (not Linux, 32 bits, no C library)."""
    if struct.calcsize("l") != 8:
        return None
    import ctypes

    try:
        ask = ctypes.CDLL(None, use_errno=True).adjtimex
    except (OSError, AttributeError):
        return None
    buffer = ctypes.create_string_buffer(_TIMEX_BYTES)  # all zero: nothing is to be set
    if ask(buffer) < 0:
        return None
    return parse_clock_state(buffer.raw)


_TIMEX_BYTES = 256
"""The kernel's structure has 208."""
_UNSYNCHRONIZED = 0x40


def parse_clock_state(timex: bytes) -> ClockState:
    """Return what a ``struct timex`` says (``linux/timex.h``, 64 bits): microseconds of error, bits of the status."""
    most_error, _, status = struct.unpack_from("=qqi", timex, 24)
    return ClockState(synchronized=not status & _UNSYNCHRONIZED, most_error=most_error / 1e6)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskCounters:
    """One block device since boot: requests, seconds that they took (queueing included), seconds in which any was under way."""

    requests: int
    waited: float
    busy: float


def disk_counters() -> dict[str, DiskCounters]:
    """Return the block devices that were ever used; loop devices and memory left out."""
    return parse_disk_counters(read_or_empty("/proc/diskstats"))


def parse_disk_counters(text: str) -> dict[str, DiskCounters]:
    """Return what ``diskstats`` says."""
    found = {}
    for line in text.splitlines():
        fields = line.split()
        if len(fields) < 14 or fields[2].startswith(("loop", "ram", "zram", "sr", "fd")):
            continue
        numbers = [int(field) for field in fields[3:14]]
        requests = numbers[0] + numbers[4]
        if requests:
            waited, busy = (numbers[3] + numbers[7]) / 1000.0, numbers[9] / 1000.0
            found[fields[2]] = DiskCounters(requests=requests, waited=waited, busy=busy)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A mounted file system."""

    point: str
    device: str
    kind: str
    read_only: bool


def mounts() -> list[Mount]:
    """Return the mounted file systems of this process's namespace."""
    return parse_mounts(read_or_empty("/proc/self/mountinfo"))


def parse_mounts(text: str) -> list[Mount]:
    """Return what ``mountinfo`` says."""
    found = []
    for line in text.splitlines():
        left, _, right = line.partition(" - ")
        fields, more = left.split(" "), right.split(" ")
        if len(fields) < 6 or len(more) < 3:
            continue
        options = {*fields[5].split(","), *more[2].split(",")}
        point = fields[4].replace("\\040", " ")
        found.append(Mount(point=point, device=fields[2], kind=more[0], read_only="ro" in options))
    return found


def mount_of(path: str, among: Iterable[Mount]) -> Mount | None:
    """Return the file system that holds ``path``: the longest mount point above it."""
    best: Mount | None = None
    for mount in among:
        point = mount.point.rstrip("/")
        inside = path == mount.point or path.startswith(point + "/")
        if inside and (best is None or len(mount.point) >= len(best.point)):
            best = mount
    return best


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessStat:
    """One line of ``/proc/<pid>/stat``."""

    pid: int
    command: str
    state: str
    parent: int
    user_ticks: int
    system_ticks: int
    threads: int
    start_ticks: int
    rss_pages: int

    @property
    def ticks(self) -> int:
        return self.user_ticks + self.system_ticks


def parse_process_stat(text: str) -> ProcessStat:
    """Return the values of a ``stat`` line; the command may hold blanks and brackets."""
    head, _, tail = text.rpartition(")")
    pid, _, command = head.partition("(")
    fields = tail.split()
    return ProcessStat(
        pid=int(pid),
        command=command,
        state=fields[0],
        parent=int(fields[1]),
        user_ticks=int(fields[11]),
        system_ticks=int(fields[12]),
        threads=int(fields[17]),
        start_ticks=int(fields[19]),
        rss_pages=int(fields[21]),
    )


def process_stat(pid: int) -> ProcessStat:
    """Return the state of one process.

    Raises:
        FileNotFoundError: There is no such process.
    """
    try:
        return parse_process_stat(read_text(f"/proc/{pid}/stat"))
    except ProcessLookupError as error:
        raise FileNotFoundError(error.errno, f"no process {pid}") from error


def all_processes() -> dict[int, ProcessStat]:
    """Return every process that is visible from here."""
    found = {}
    for name in os.listdir("/proc"):  # noqa: PTH208 - names only; Path objects would double the cost
        if name.isdigit():
            try:
                stat = parse_process_stat(read_text(f"/proc/{name}/stat"))
            except (OSError, ValueError, IndexError):
                continue  # it ended between the listing and the reading
            found[stat.pid] = stat
    return found


def family(pid: int, among: Mapping[int, ProcessStat]) -> list[ProcessStat]:
    """Return the process and all its descendants, itself first; empty when it is not there."""
    if pid not in among:
        return []
    children: dict[int, list[int]] = {}
    for stat in among.values():
        children.setdefault(stat.parent, []).append(stat.pid)
    order, index = [pid], 0
    while index < len(order):
        order += [child for child in sorted(children.get(order[index], ())) if child != order[index]]
        index += 1
    return [among[member] for member in order]


def command_line(pid: int) -> list[str]:
    """Return the arguments of a process; empty for kernel threads, zombies and what is not ours."""
    return [part for part in read_or_empty(f"/proc/{pid}/cmdline").split("\0") if part]


def environment(pid: int) -> dict[str, str]:
    """Return the variables with which a process was started.

    Raises:
        OSError: Not ours to read, or gone.
    """
    pairs = (part.partition("=") for part in read_text(f"/proc/{pid}/environ").split("\0") if "=" in part)
    return {name: value for name, _, value in pairs}


def scheduler_times(pid: int) -> tuple[int, int]:
    """Return nanoseconds that the threads of a process ran, and waited for a CPU."""
    ran = waited = 0
    try:
        tasks = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 - names only
    except OSError:
        return 0, 0
    for task in tasks:
        fields = read_or_empty(f"/proc/{pid}/task/{task}/schedstat").split()
        if len(fields) >= 2:
            ran += int(fields[0])
            waited += int(fields[1])
    return ran, waited


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptors:
    """Open descriptors of a process."""

    by_kind: Mapping[str, int]
    socket_inodes: frozenset[int]
    written_files: tuple[str, ...]

    @property
    def total(self) -> int:
        return sum(self.by_kind.values())


def descriptors(pid: int, *, most_written: int = 64) -> Descriptors:
    """Return what a process has open.

    Raises:
        OSError: Not ours to read, or gone.
    """
    kinds: dict[str, int] = {}
    inodes: set[int] = set()
    written: dict[str, None] = {}
    folder = f"/proc/{pid}/fd"
    for name in os.listdir(folder):  # noqa: PTH208 - names only
        try:
            link = os.readlink(f"{folder}/{name}")  # noqa: PTH115 - no Path object per descriptor
        except OSError:
            continue  # closed meanwhile
        kind = _kind_of(link)
        kinds[kind] = kinds.get(kind, 0) + 1
        if kind == "socket":
            inodes.add(int(link[8:-1]))
        elif kind == "file" and len(written) < most_written and _is_written(pid, name):
            written[link] = None
    return Descriptors(by_kind=kinds, socket_inodes=frozenset(inodes), written_files=tuple(written))


def _kind_of(link: str) -> str:
    if link.startswith("socket:["):
        return "socket"
    if link.startswith("pipe:["):
        return "pipe"
    if link.startswith("anon_inode:"):
        return "eventfd" if "event" in link else "other"
    return "file" if link.startswith("/") and not link.startswith("/dev/") else "other"


def _is_written(pid: int, descriptor: str) -> bool:
    for line in read_or_empty(f"/proc/{pid}/fdinfo/{descriptor}").splitlines():
        if line.startswith("flags:"):
            return int(line.split()[1], 8) & os.O_ACCMODE != os.O_RDONLY
    return False


def descriptor_limit(pid: int) -> int | None:
    """Return the soft limit of open descriptors; None when there is none or it is not ours to read."""
    for line in read_or_empty(f"/proc/{pid}/limits").splitlines():
        if line.startswith("Max open files"):
            soft = line[len("Max open files") :].split()[0]
            return int(soft) if soft.isdigit() else None
    return None


@dataclass(frozen=True, slots=True)
class TcpSocket:
    """One line of ``/proc/net/tcp``; ``waiting`` of a listening socket are connections to be accepted."""

    state: str
    local_host: str
    local_port: int
    remote_host: str
    remote_port: int
    waiting: int
    inode: int


def tcp_sockets(pid: int | str = "self") -> list[TcpSocket]:
    """Return the TCP sockets in the network namespace of a process, IPv4 and IPv6."""
    found: list[TcpSocket] = []
    for name in ("tcp", "tcp6"):
        found += parse_tcp(read_or_empty(_PROC / str(pid) / "net" / name))
    return found


def parse_tcp(text: str) -> Iterator[TcpSocket]:
    """Yield the sockets in the text of ``/proc/net/tcp`` or ``tcp6``."""
    for line in text.splitlines()[1:]:
        fields = line.split()
        if len(fields) < 10:
            continue
        local, remote = fields[1].rpartition(":"), fields[2].rpartition(":")
        yield TcpSocket(
            TCP_STATES.get(fields[3], fields[3]),
            address(local[0]),
            int(local[2], 16),
            address(remote[0]),
            int(remote[2], 16),
            int(fields[4].partition(":")[2], 16),
            int(fields[9]),
        )


def address(words: str) -> str:
    """Return the address that the kernel writes as hexadecimal words in host byte order."""
    raw = b"".join(struct.pack("=I", int(words[i : i + 8], 16)) for i in range(0, len(words), 8))
    if len(raw) == 4:
        return socket.inet_ntop(socket.AF_INET, raw)
    if raw.startswith(b"\0" * 10 + b"\xff\xff"):
        return socket.inet_ntop(socket.AF_INET, raw[12:])
    return socket.inet_ntop(socket.AF_INET6, raw)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cgroup:
    """Counters and limits of the control group of a process; None where no limit is set."""

    periods: int | None = None
    throttled_periods: int | None = None
    memory_used: int | None = None
    memory_limit: int | None = None
    oom_kills: int | None = None
    pids_used: int | None = None
    pids_limit: int | None = None


def cgroup(pid: int, root: Path = Path("/sys/fs/cgroup"), membership: str | None = None) -> Cgroup:
    """Return the control group of a process, version 1 or 2.

    Args:
        pid: Process.
        root: Where the hierarchies are mounted.
        membership: Text of ``/proc/<pid>/cgroup``; read when not given.
    """
    by_controller, unified = groups_of(read_or_empty(f"/proc/{pid}/cgroup") if membership is None else membership)
    if unified is not None and (root / "cgroup.controllers").exists():
        return _cgroup_v2(_existing(root, unified))
    return _cgroup_v1(lambda controller: _existing(root / controller, by_controller.get(controller, "/")))


def _existing(base: Path, path: str) -> Path:
    """Return the folder of a group; in a container its path is often the host's, and the root is ours."""
    folder = base / path.lstrip("/")
    return folder if folder.exists() else base


def _keyed(path: Path) -> dict[str, int]:
    pairs = (line.split() for line in read_or_empty(path).splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}


def _cgroup_v2(folder: Path) -> Cgroup:
    limited = read_or_empty(folder / "cpu.max").strip() not in {"", "max"} and not read_or_empty(
        folder / "cpu.max"
    ).startswith("max")
    cpu = _keyed(folder / "cpu.stat") if limited else {}
    return Cgroup(
        periods=cpu.get("nr_periods"),
        throttled_periods=cpu.get("nr_throttled"),
        memory_used=_working_set(folder / "memory.current", folder / "memory.stat", "inactive_file"),
        memory_limit=read_integer(folder / "memory.max"),
        oom_kills=_keyed(folder / "memory.events").get("oom_kill"),
        pids_used=read_integer(folder / "pids.current"),
        pids_limit=read_integer(folder / "pids.max"),
    )


def _cgroup_v1(folder: Callable[[str], Path]) -> Cgroup:
    quota = read_integer(folder("cpu") / "cpu.cfs_quota_us")
    cpu = _keyed(folder("cpu") / "cpu.stat") if quota is not None and quota > 0 else {}
    memory = folder("memory")
    limit = read_integer(memory / "memory.limit_in_bytes")
    return Cgroup(
        periods=cpu.get("nr_periods"),
        throttled_periods=cpu.get("nr_throttled"),
        memory_used=_working_set(memory / "memory.usage_in_bytes", memory / "memory.stat", "total_inactive_file"),
        memory_limit=limit if limit is not None and limit < NO_LIMIT else None,
        oom_kills=_keyed(memory / "memory.oom_control").get("oom_kill"),
        pids_used=read_integer(folder("pids") / "pids.current"),
        pids_limit=read_integer(folder("pids") / "pids.max"),
    )


def _working_set(usage: Path, stat: Path, reclaimable: str) -> int | None:
    """Return used memory without the cache that the kernel drops first, as Kubernetes counts it."""
    used = read_integer(usage)
    return None if used is None else max(0, used - _keyed(stat).get(reclaimable, 0))
