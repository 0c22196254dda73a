"""Where the counters and limits of our control group are: found once, read often (version 1 and 2)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from diagnostics.runtime.procfs import read_integer, read_or_empty

NO_LIMIT = 1 << 60
"""Version 1 writes "no limit" as a number near 2^63."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLimits:
    """The smallest limits of the groups above a process, and the files of the group that has each.

    Attributes:
        cpus: Quota over period, or the CPUs of the cpuset when these are fewer; None without a limit.
        memory: Bytes.
        pids: Tasks.
        cpu_stat: File with ``nr_periods`` and ``nr_throttled`` of the group that has the quota.
        memory_used: File with the bytes in use of the group that has the limit.
        memory_stat: Its ``memory.stat``.
        reclaimable: Line of that file with the cache that the kernel drops first.
        pids_used: File with the number of tasks.
        pressure: Folder with ``cpu.pressure`` and so on; None for version 1.
    """

    cpus: float | None = None
    memory: int | None = None
    pids: int | None = None
    cpu_stat: str | None = None
    memory_used: str | None = None
    memory_stat: str | None = None
    reclaimable: str = "inactive_file"
    pids_used: str | None = None
    pressure: str | None = None


def limits(pid: int | str = "self", root: Path = Path("/sys/fs/cgroup"), membership: str | None = None) -> GroupLimits:
    """Return the limits that hold for a process, whichever group above it set them.

    Args:
        pid: Process.
        root: Where the hierarchies are mounted.
        membership: Text of ``/proc/<pid>/cgroup``; read when not given.
    """
    named, unified = groups_of(read_or_empty(f"/proc/{pid}/cgroup") if membership is None else membership)
    if unified is not None and (root / "cgroup.controllers").exists():
        return _version_2(root, unified)
    return _version_1(root, named)


def groups_of(membership: str) -> tuple[dict[str, str], str | None]:
    """Return the path of the group for each controller of version 1, and that of version 2, from ``/proc/<pid>/cgroup``."""
    entries = [line.split(":", 2) for line in membership.splitlines() if line.count(":") >= 2]
    named = {name: path for _, names, path in entries for name in names.split(",") if name}
    return named, next((path for number, names, path in entries if number == "0" and not names), None)


def _upwards(base: Path, path: str) -> Iterator[Path]:
    """Yield the folder of a group and those above it; in a container only the root may be visible, and is ours."""
    folder = base / path.lstrip("/")
    if not folder.is_dir():
        folder = base
    while True:
        yield folder
        if folder == base or base not in folder.parents:
            return
        folder = folder.parent


def _version_2(root: Path, path: str) -> GroupLimits:
    folders = list(_upwards(root, path))
    quotas, memories, tasks = [], [], []
    for folder in folders:
        quota, _, period = read_or_empty(folder / "cpu.max").strip().partition(" ")
        if quota.isdigit() and period.isdigit():
            quotas.append((int(quota) / int(period), folder))
        memory, most = read_integer(folder / "memory.max"), read_integer(folder / "pids.max")
        if memory is not None:
            memories.append((memory, folder))
        if most is not None:
            tasks.append((most, folder))
    own = folders[0]
    return _together(
        quotas,
        memories,
        tasks,
        cpuset=read_or_empty(own / "cpuset.cpus.effective"),
        names=("memory.current", "inactive_file"),
        pressure=str(own) if (own / "cpu.pressure").exists() else None,
    )


def _version_1(root: Path, named: dict[str, str]) -> GroupLimits:
    quotas, memories, tasks = [], [], []
    for folder in _upwards(root / "cpu", named.get("cpu", "/")):
        quota, period = read_integer(folder / "cpu.cfs_quota_us"), read_integer(folder / "cpu.cfs_period_us")
        if quota is not None and quota > 0 and period:
            quotas.append((quota / period, folder))
    for folder in _upwards(root / "memory", named.get("memory", "/")):
        memory = read_integer(folder / "memory.limit_in_bytes")
        if memory is not None and memory < NO_LIMIT:
            memories.append((memory, folder))
    for folder in _upwards(root / "pids", named.get("pids", "/")):
        most = read_integer(folder / "pids.max")
        if most is not None:
            tasks.append((most, folder))
    own = next(_upwards(root / "cpuset", named.get("cpuset", "/")))
    return _together(
        quotas,
        memories,
        tasks,
        cpuset=read_or_empty(own / "cpuset.effective_cpus") or read_or_empty(own / "cpuset.cpus"),
        names=("memory.usage_in_bytes", "total_inactive_file"),
        pressure=None,
    )


def _together(
    quotas: list[tuple[float, Path]],
    memories: list[tuple[int, Path]],
    tasks: list[tuple[int, Path]],
    *,
    cpuset: str,
    names: tuple[str, str],
    pressure: str | None,
) -> GroupLimits:
    cpus, cpu_folder = min(quotas, default=(None, None), key=lambda item: item[0])
    memory, memory_folder = min(memories, default=(None, None), key=lambda item: item[0])
    most, pids_folder = min(tasks, default=(None, None), key=lambda item: item[0])
    allowed = count_cpus(cpuset)
    if allowed and allowed < (os.cpu_count() or 1) and (cpus is None or allowed < cpus):
        cpus = float(allowed)
    return GroupLimits(
        cpus=cpus,
        memory=memory,
        pids=most,
        cpu_stat=None if cpu_folder is None else str(cpu_folder / "cpu.stat"),
        memory_used=None if memory_folder is None else str(memory_folder / names[0]),
        memory_stat=None if memory_folder is None else str(memory_folder / "memory.stat"),
        reclaimable=names[1],
        pids_used=None if pids_folder is None else str(pids_folder / "pids.current"),
        pressure=pressure,
    )


def count_cpus(text: str) -> int:
    """Return how many CPUs a list such as ``0-3,8`` names; 0 for an empty one.

    Example:
        >>> count_cpus("0-3,8")
        5
    """
    count = 0
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        if first.isdigit():
            count += int(last) - int(first) + 1 if last.isdigit() else 1
    return count
