"""What one sample of the host and of our own process holds: values (pure).

Rates are per second since the sample before; durations are seconds, sizes bytes, ratios 0 to 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from diagnostics.model.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuUse(Record):
    """The CPUs since the sample before.

    Attributes:
        utilization: Share of all CPUs that worked.
        iowait: Share that was idle while something waited for a disk.
        steal: Share that the hypervisor gave to others.
        each: Utilization of each CPU.
        runnable: Tasks that run or want to run at this moment, this one left out.
        blocked: Tasks that wait for a disk at this moment.
        load: Load average over 1, 5 and 15 minutes.
        switch_rate: Changes from one task to another.
        available: CPUs that we may use: the quota of the control groups above us, or all.
        throttled_ratio: Share of the scheduler's periods in which our control group was stopped; None without a quota.
    """

    utilization: float
    iowait: float
    steal: float
    each: tuple[float, ...]
    runnable: int
    blocked: int
    load: tuple[float, float, float]
    switch_rate: float
    available: float
    throttled_ratio: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryUse(Record):
    """Memory of the host, and of the control group where that has a limit.

    Attributes:
        total: Of the host.
        available: What the kernel could give without swapping.
        swap_total: Size of the swap space.
        swap_used: Used of it.
        swap_rate: Pages swapped in and out.
        oom_kills: Processes that the kernel killed for lack of memory since boot.
        group_limit: Smallest limit of the control groups above us; None without.
        group_used: Used of it, without the cache that is dropped first.
    """

    total: int
    available: int
    swap_total: int
    swap_used: int
    swap_rate: float
    oom_kills: int
    group_limit: int | None
    group_used: int | None

    @property
    def used_ratio(self) -> float:
        """Return the share that is used of what we may use: the group's limit, or the host's memory."""
        host = 1.0 - self.available / self.total if self.total else 0.0
        if self.group_limit and self.group_used is not None:
            return max(host, self.group_used / self.group_limit)
        return host


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskUse(Record):
    """One block device.

    Attributes:
        latency: Seconds that a request took on average, its waiting in the queue included; 0 without requests.
        busy: Share of the time in which at least one request was under way.
    """

    device: str
    read_rate: float
    write_rate: float
    read_bytes_rate: float
    write_bytes_rate: float
    latency: float
    busy: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeUse(Record):
    """A file system; ``inodes_free_ratio`` is 1 where it knows none."""

    path: str
    total_bytes: int
    free_bytes: int
    free_ratio: float
    inodes_free_ratio: float
    read_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkUse(Record):
    """Interfaces added up (loopback left out), and TCP of this network namespace.

    Attributes:
        retransmit_ratio: Segments sent again over all that were sent.
        listen_overflow_rate: Connections that were refused because nobody accepted them.
        sockets: Counts: ``established``, ``time_wait``, ``orphan``, ``used`` (all that are open).
        ports_used_ratio: Local ports in use over those that the kernel may choose; an upper bound, since a port is
            used up only towards one destination (:meth:`SystemMonitor.sockets` knows each).
    """

    received_bytes_rate: float
    sent_bytes_rate: float
    error_rate: float
    drop_rate: float
    retransmit_rate: float
    retransmit_ratio: float
    listen_overflow_rate: float
    sockets: Mapping[str, int]
    ports_used_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessUse(Record):
    """This process.

    Attributes:
        cpu: CPUs used.
        wait_share: Of the time in which it ran or wanted to run, the share in which it had no CPU.
        descriptors: Open descriptors.
        descriptor_limit: How many there may be; None without a limit.
        switch_rate: Times that it gave up the CPU by itself.
        preempted_rate: Times that it was taken from it.
        fault_rate: Page faults that had to read a disk.
    """

    pid: int
    cpu: float
    wait_share: float
    rss: int
    threads: int
    descriptors: int
    descriptor_limit: int | None
    switch_rate: float
    preempted_rate: float
    fault_rate: float


@dataclass(frozen=True, slots=True)
class OtherProcess(Record):
    """One of all processes: ``cpu`` CPUs used since the sample before, or since its start."""

    pid: int
    command: str
    state: str
    cpu: float
    rss: int
    threads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSample(Record):
    """The host and our process at one moment.

    Attributes:
        at: Unix seconds.
        seconds: Since the sample before.
        pressure: Share of the time in which tasks were stalled, by ``cpu.some``, ``memory.full``, …; of our control
            group where that has a limit and keeps it, else of the host; empty where the kernel has none.
        clock_step: Seconds by which the wall clock was set since the sample before; 0 when it only ran.
        processes: All processes, when asked for.
    """

    at: float
    seconds: float
    cpu: CpuUse
    memory: MemoryUse
    pressure: Mapping[str, float]
    disks: tuple[DiskUse, ...]
    volumes: tuple[VolumeUse, ...]
    network: NetworkUse
    process: ProcessUse
    clock_step: float
    processes: tuple[OtherProcess, ...] = field(default=())
