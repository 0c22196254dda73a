"""The state of process and host at one moment, cheap enough to take anywhere, also on an event loop."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from diagnostics.core_diagnostics import writer
from diagnostics.core_diagnostics.capture import freeze_mapping
from diagnostics.core_diagnostics.logger import active_logger

if TYPE_CHECKING:
    from diagnostics.core_diagnostics.logger import DiagnosticLogger

_began = monotonic()
_last_cpu: tuple[float, float] | None = None


def system_state() -> dict[str, Any]:
    """Return what is known of process and host as plain numbers; whatever cannot be read is left out.

    On Linux it reads a handful of files below ``/proc`` (0.2 ms); elsewhere psutil is asked.
    """
    state: dict[str, Any] = {"process": _process(), "host": _host()}
    for name, read in (("memory", _memory), ("disk", _disk)):
        try:
            values = read()
        except (OSError, ValueError, IndexError):
            continue
        if values:
            state["host"][name] = values
    return state


def _process() -> dict[str, Any]:
    global _last_cpu
    times = os.times()
    cpu, now = times.user + times.system, monotonic()
    values: dict[str, Any] = {
        "pid": os.getpid(),
        "cpu_seconds": round(cpu, 3),
        "threads": threading.active_count(),
        "uptime_seconds": round(now - _began, 3),
    }
    if _last_cpu is not None and now > _last_cpu[1]:
        values["cpu_ratio"] = round((cpu - _last_cpu[0]) / (now - _last_cpu[1]), 4)
    _last_cpu = (cpu, now)
    try:
        values["rss_bytes"] = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        values["open_files"] = sum(1 for _ in Path("/proc/self/fd").iterdir()) - 1
    except (OSError, ValueError, IndexError):
        _ask_psutil(values)
    try:
        import resource

        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        values["open_files_limit"] = soft if soft != resource.RLIM_INFINITY else None
    except (ImportError, OSError, ValueError):
        pass
    return values


def _ask_psutil(values: dict[str, Any]) -> None:
    try:
        import psutil

        process = psutil.Process()
        values["rss_bytes"] = process.memory_info().rss
        values["open_files"] = len(process.open_files())
    except Exception as error:  # noqa: BLE001 - psutil raises its own, and the state is a courtesy
        values["could_not_look"] = type(error).__name__


def _host() -> dict[str, Any]:
    values: dict[str, Any] = {"cpu_count": os.cpu_count()}
    try:
        values["load_1m"], values["load_5m"], values["load_15m"] = (round(load, 2) for load in os.getloadavg())
    except (OSError, AttributeError):
        pass
    return values


def _memory() -> dict[str, Any]:
    with Path("/proc/meminfo").open(encoding="ascii") as file:
        found = {name: int(rest.split()[0]) * 1024 for name, _, rest in (line.partition(":") for line in file)}
    total, available = found["MemTotal"], found.get("MemAvailable", found["MemFree"])
    values = {
        "total_bytes": total,
        "available_bytes": available,
        "used_ratio": round(1 - available / total, 4),
    }
    if found.get("SwapTotal"):
        values["swap_used_bytes"] = found["SwapTotal"] - found["SwapFree"]
    return values


def _disk() -> dict[str, Any]:
    if not hasattr(os, "statvfs"):
        return {}
    disk = os.statvfs(".")
    values: dict[str, Any] = {"free_bytes": disk.f_bavail * disk.f_frsize}
    if disk.f_blocks:
        values["free_ratio"] = round(disk.f_bavail / disk.f_blocks, 4)
    if disk.f_files:
        values["inodes_free_ratio"] = round(disk.f_favail / disk.f_files, 4)
    return values


def log_system_state(checkpoint: str = "MANUAL_CHECK", *, logger: DiagnosticLogger | None = None) -> dict[str, Any]:
    """Make an event with the state of process and host; return the state.

    Args:
        checkpoint: Name of the place.
        logger: Who logs; else the logger of the innermost ``diagnostic_context``, else the default one.
    """
    owner = active_logger() if logger is None else logger
    if not owner.enabled:
        return {}
    try:
        state = system_state()
        site = owner.site("system_state", checkpoint)
        site.history = None
        owner.emit(site, {"level": "INFO", "system_state": state, "thread": threading.current_thread().name})
    except Exception as error:  # noqa: BLE001 - our own failure must not become the host's
        writer.complain("diagnostics_event_lost", f"{type(error).__name__}: {error}")
        return {}
    return state


def debug_context(
    func_name: str, local_vars: Mapping[str, Any], step: str, *, logger: DiagnosticLogger | None = None
) -> None:
    """Make an event of level DEBUG with local variables at a step of a function, without secrets.

    Args:
        func_name: Which function.
        local_vars: Usually ``locals()``.
        step: Where in the function.
        logger: Who logs; else the logger of the innermost ``diagnostic_context``, else the default one.
    """
    owner = active_logger() if logger is None else logger
    if not owner.enabled:
        return
    try:
        site = owner.site("debug", func_name)
        site.history = None
        fields = freeze_mapping(local_vars)
        owner.emit(
            site,
            {"level": "DEBUG", "step": step, "locals": fields, "thread": threading.current_thread().name},
        )
    except Exception as error:  # noqa: BLE001 - our own failure must not become the host's
        writer.complain("diagnostics_event_lost", f"{type(error).__name__}: {error}")
