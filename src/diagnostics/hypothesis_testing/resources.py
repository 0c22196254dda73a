"""Is it exhausted, and does work wait for it? One measurement for each resource of this host and process."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from diagnostics.errors import ProbeError
from diagnostics.runtime import host
from diagnostics.runtime.clock import Clock

WINDOW_SECONDS = 0.5
SAMPLES = 10

#: Above this a queue in front of the CPUs grows fast (M/M/c: waiting grows as 1 / (1 - utilisation)).
CPU_USED = 0.9
#: Share of the window in which some task waited for a CPU.
CPU_WAITING = 0.2
#: Tasks that run or want to run, per CPU, where the kernel has no PSI.
RUNNABLE_PER_CPU = 1.5
MEMORY_USED = 0.9
#: The kernel reclaims in a hurry long before the last page; without PSI only this is beyond doubt.
MEMORY_USED_UP = 0.98
#: Share of the window in which some task stalled for memory; systemd-oomd acts at 0.6, a hiccup is below
#: 0.01.
MEMORY_WAITING = 0.05
DISK_USED = 0.98
#: A big disk at 98 % is not full while this is free.
DISK_FREE_BYTES = 100 * 2**20
#: Share of the window in which *all* tasks stalled for I/O at once.
IO_STALLED = 0.3
DESCRIPTORS_USED = 0.95


@dataclass(frozen=True, slots=True)
class Exhaustion:
    """True when the resource is exhausted; its text says what was measured."""

    exhausted: bool
    said: str

    def __bool__(self) -> bool:
        return self.exhausted

    def __str__(self) -> str:
        return self.said


def cpu(clock: Clock) -> Exhaustion:
    """Return whether the CPUs are busy and tasks wait for them."""
    if not host.has_proc():
        raise ProbeError("CPU waiting time is read from /proc, which this system has not.")
    first, stalled = host.cpu_times(), host.pressure("cpu").get("some")
    began = clock.monotonic()
    runnable = []
    for _ in range(SAMPLES):
        clock.sleep(WINDOW_SECONDS / SAMPLES)
        runnable.append(host.cpu_times().runnable)
    last, elapsed = host.cpu_times(), max(clock.monotonic() - began, 1e-3)
    ticks = last.total - first.total
    if ticks <= 0:
        raise ProbeError("The kernel's CPU counters did not move.")
    used = (last.busy - first.busy) / ticks
    after = host.pressure("cpu").get("some")
    if stalled is not None and after is not None:
        waiting = (after - stalled) / elapsed
        return Exhaustion(
            used >= CPU_USED and waiting >= CPU_WAITING,
            f"{used:.0%} used, tasks waited {min(waiting, 1.0):.0%} of the time",
        )
    # This very task is runnable while it reads, so it does not count.
    per_cpu = (sum(runnable) / len(runnable) - 1) / host.cpu_count()
    return Exhaustion(
        used >= CPU_USED and per_cpu >= RUNNABLE_PER_CPU,
        f"{used:.0%} used, {per_cpu:.1f} runnable tasks per CPU",
    )


def memory(clock: Clock) -> Exhaustion:
    """Return whether memory is used up and tasks stall for it."""
    import psutil

    before = host.pressure("memory").get("some")
    began = clock.monotonic()
    clock.sleep(WINDOW_SECONDS)
    elapsed = max(clock.monotonic() - began, 1e-3)
    after = host.pressure("memory").get("some")
    state = psutil.virtual_memory()
    used = 1.0 - state.available / state.total
    if before is None or after is None:
        return Exhaustion(used >= MEMORY_USED_UP, f"{used:.0%} used; the kernel does not show stalls")
    waiting = (after - before) / elapsed
    return Exhaustion(
        used >= MEMORY_USED_UP or (used >= MEMORY_USED and waiting >= MEMORY_WAITING),
        f"{used:.0%} used, tasks stalled {min(waiting, 1.0):.0%} of the time",
    )


def disk() -> Exhaustion:
    """Return whether a file system that this process uses is out of space or inodes."""
    worst = Exhaustion(exhausted=False, said="no file system could be asked")
    highest = -1.0
    for path in sorted({"/", str(Path.cwd()), tempfile.gettempdir()}):
        space = os.statvfs(path)
        if not space.f_blocks:
            continue
        free = space.f_bavail * space.f_frsize
        # As df counts: blocks reserved for root are neither used nor free.
        usable = space.f_blocks - space.f_bfree + space.f_bavail
        used = 1.0 - space.f_bavail / usable if usable else 1.0
        inodes = 1.0 - space.f_favail / space.f_files if space.f_files else 0.0
        full = (used >= DISK_USED and free < DISK_FREE_BYTES) or inodes >= DISK_USED
        if full or (max(used, inodes) > highest and not worst.exhausted):
            highest = max(used, inodes)
            worst = Exhaustion(full, f"{path}: {used:.0%} of space, {inodes:.0%} of inodes used")
    if highest < 0:
        raise ProbeError("No file system could be asked.")
    return worst


def io(clock: Clock) -> Exhaustion:
    """Return whether all tasks stall together for I/O."""
    before = host.pressure("io").get("full")
    began = clock.monotonic()
    if before is None:
        raise ProbeError("The kernel does not show I/O stalls (PSI is off or missing).")
    clock.sleep(WINDOW_SECONDS)
    after = host.pressure("io").get("full", before)
    stalled = (after - before) / max(clock.monotonic() - began, 1e-3)
    return Exhaustion(stalled >= IO_STALLED, f"all tasks stalled {min(stalled, 1.0):.0%} of the time")


def descriptors() -> Exhaustion:
    """Return whether this process is near its limit of open files."""
    try:
        import resource
    except ImportError as error:
        raise ProbeError("This system has no limit of open files.") from error
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        # The listing itself holds one descriptor.
        opened = sum(1 for _ in Path("/proc/self/fd").iterdir()) - 1
    except OSError as error:
        raise ProbeError(f"The open files cannot be counted: {error.strerror}.") from error
    if soft == resource.RLIM_INFINITY:
        return Exhaustion(exhausted=False, said=f"{opened} open, no limit")
    return Exhaustion(opened >= DESCRIPTORS_USED * soft, f"{opened} of {soft} open")
