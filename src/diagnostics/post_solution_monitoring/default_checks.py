"""Checks that every service wants: room on the disks, memory, descriptors, and a database that answers."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from diagnostics.model.health import CheckResult, CheckState
from diagnostics.post_solution_monitoring.checks import HealthCheck
from diagnostics.runtime import host

GIB = 1 << 30

# A full disk is a matter of bytes and of share: five percent of 10 TB is plenty, and so are 40 of 100 MB.
DISK_FAIL_BYTES, DISK_FAIL_RATIO = (
    GIB,
    0.05,
)  # PostgreSQL may write max_wal_size (1 GiB) between two checkpoints
DISK_FAIL_LARGE_BYTES, DISK_FAIL_LARGE_RATIO = 5 * GIB, 0.01
DISK_WARN_BYTES, DISK_WARN_RATIO = 20 * GIB, 0.10
INODES_FAIL_RATIO, INODES_WARN_RATIO = 0.01, 0.05
# MemAvailable is the kernel's own estimate of what can be had without swapping; used memory says little.
MEMORY_FAIL_RATIO, MEMORY_WARN_RATIO = 0.03, 0.08
DESCRIPTORS_FAIL_RATIO, DESCRIPTORS_WARN_RATIO = 0.95, 0.80


def default_checks(db_engine: Any = None) -> list[HealthCheck]:
    """Return the checks that a monitor starts with."""
    checks = [
        HealthCheck(
            name="disk_space",
            check_function=disk_space,
            interval_seconds=60,
            timeout_seconds=10,  # a network mount that is gone hangs
            description="room and inodes of the disks that the service writes to",
        ),
        HealthCheck(
            name="memory_usage",
            check_function=memory_available,
            interval_seconds=30,
            timeout_seconds=10,
            description="memory that can be had without swapping",
        ),
        HealthCheck(
            name="file_descriptors",
            check_function=own_descriptors,
            interval_seconds=30,
            timeout_seconds=10,
            description="open descriptors of this process against its limit",
        ),
    ]
    if db_engine is not None:
        from diagnostics.post_solution_monitoring.database_check import DatabaseAnswers

        checks.append(
            HealthCheck(
                name="database_connectivity",
                check_function=DatabaseAnswers(db_engine),
                interval_seconds=30,
                timeout_seconds=15,
                description="the database accepts a new connection and answers",
            )
        )
    return checks


def _written_paths() -> list[str]:
    return list(dict.fromkeys(["/", str(Path.cwd()), tempfile.gettempdir()]))


def disk_space(paths: Iterable[str] | None = None) -> CheckResult:
    """Look at the file systems of ``paths``: of the root, the working and the temporary folder by default."""
    worst = CheckState.PASS
    said: list[str] = []
    metrics: dict[str, float] = {}
    seen: set[int] = set()
    for path in _written_paths() if paths is None else paths:
        device = os.stat(path).st_dev  # noqa: PTH116 - the device, of whatever kind of path
        if device in seen:
            continue
        seen.add(device)
        fs = os.statvfs(path)
        if fs.f_blocks == 0:
            continue
        free = fs.f_bavail * fs.f_frsize
        # As df counts: what is reserved for root is neither free nor used.
        ratio = fs.f_bavail / max(1, fs.f_blocks - fs.f_bfree + fs.f_bavail)
        state = judge_disk(free, ratio)
        inodes = fs.f_favail / fs.f_files if fs.f_files else 1.0
        inode_state = _judge_low(inodes, INODES_FAIL_RATIO, INODES_WARN_RATIO)
        said.append(f"{path}: {free / GIB:.1f} GiB free ({ratio:.0%}), {inodes:.0%} of inodes")
        worst = max(worst, state, inode_state, key=_badness)
        metrics["disk_percent"] = max(metrics.get("disk_percent", 0.0), 100 * (1 - ratio))
        metrics["inodes_percent"] = max(metrics.get("inodes_percent", 0.0), 100 * (1 - inodes))
    return CheckResult(state=worst, detail="; ".join(said), metrics=metrics)


def judge_disk(free_bytes: float, free_ratio: float) -> CheckState:
    """Return what so much free room means."""
    if free_bytes < DISK_FAIL_BYTES and free_ratio < DISK_FAIL_RATIO:
        return CheckState.FAIL
    if free_bytes < DISK_FAIL_LARGE_BYTES and free_ratio < DISK_FAIL_LARGE_RATIO:
        return CheckState.FAIL
    if free_bytes < DISK_WARN_BYTES and free_ratio < DISK_WARN_RATIO:
        return CheckState.WARN
    return CheckState.PASS


def memory_available() -> CheckResult:
    """Look at the memory of the host and at the limit of our own control group, whichever is tighter."""
    if not host.has_proc():
        import psutil

        memory = psutil.virtual_memory()
        return judge_memory(float(memory.available), float(memory.total), "host")
    info = host.meminfo()
    results = [judge_memory(info["MemAvailable"], info["MemTotal"], "host")]
    group = host.cgroup(os.getpid())
    if group.memory_limit is not None and group.memory_used is not None and group.memory_limit < info["MemTotal"]:
        left = max(0, group.memory_limit - group.memory_used)
        results.append(judge_memory(left, group.memory_limit, "container"))
    return max(results, key=lambda result: result.metrics["memory_percent"])


def judge_memory(available: float, total: float, whose: str) -> CheckResult:
    """Return what so much available memory means."""
    ratio = available / total
    return CheckResult(
        state=_judge_low(ratio, MEMORY_FAIL_RATIO, MEMORY_WARN_RATIO),
        detail=f"{whose}: {available / GIB:.2f} of {total / GIB:.2f} GiB available ({ratio:.0%})",
        metrics={"memory_percent": 100 * (1 - ratio), "memory_available_bytes": available},
    )


def own_descriptors() -> CheckResult:
    """Count the open descriptors of this process."""
    if host.has_proc():
        opened = len(os.listdir("/proc/self/fd")) - 1  # noqa: PTH208 - one of them lists the folder
    else:
        import psutil

        opened = int(psutil.Process().num_fds())
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return CheckResult(
            state=CheckState.PASS, detail=f"{opened} open, no limit", metrics={"open_descriptors": opened}
        )
    ratio = opened / limit
    return CheckResult(
        state=_judge_low(1 - ratio, 1 - DESCRIPTORS_FAIL_RATIO, 1 - DESCRIPTORS_WARN_RATIO),
        detail=f"{opened} of {limit} descriptors open ({ratio:.0%})",
        metrics={"open_descriptors": opened, "descriptors_percent": 100 * ratio},
    )


def _judge_low(left: float, fail: float, warn: float) -> CheckState:
    if left < fail:
        return CheckState.FAIL
    return CheckState.WARN if left < warn else CheckState.PASS


def _badness(state: CheckState) -> int:
    return (CheckState.PASS, CheckState.WARN, CheckState.FAIL).index(state)
