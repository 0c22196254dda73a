"""SystemMonitor: the host in ten numbers, and where they are going. A facade."""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from diagnostics.model.record import Record
from diagnostics.runtime import host
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock

HISTORY = 1_000
"""Samples kept; at one in five seconds more than an hour."""
_SHORTEST_SECONDS = 0.2
"""CPU use is a difference of two samples, and the kernel counts in steps of 10 ms."""
_GIGABYTE = 1024**3
_MOST_CPU, _MOST_MEMORY = 80.0, 85.0
_RISING_CPU, _RISING_MEMORY = 60.0, 70.0
_FEWEST_FOR_A_TREND = 5
_NOTICEABLE_POINTS = 5.0
_SIGNIFICANT_Z = 1.96


class Says(Protocol):
    """What a logger has to know: ``DiagnosticLogger`` and ``logging.Logger`` both do."""

    def info(self, message: str, *args: object) -> Any: ...
    def warning(self, message: str, *args: object) -> Any: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemMetrics(Record):
    """The host at one moment; percentages are 0 to 100."""

    timestamp: str
    cpu_percent: float
    memory_percent: float
    memory_used_gb: float
    memory_total_gb: float
    disk_percent: float
    disk_free_gb: float
    network_connections: int
    process_count: int
    load_average: tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend(Record):
    """One number over time; ``trend`` is ``increasing``, ``decreasing``, ``stable`` or ``unknown``."""

    current: float
    average: float
    min: float
    max: float
    trend: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceTrends(Record):
    """CPU and memory over the last minutes, and what in them deserves a look."""

    time_period_minutes: float
    sample_count: int
    cpu: Trend
    memory: Trend
    alerts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendsUnavailable(Record):
    """There are too few samples to say anything; ``error`` says what to do."""

    error: str
    sample_count: int
    alerts: tuple[str, ...] = ()


class SystemMonitor:
    """Samples the host when asked and remembers what it saw.

    Args:
        logger: Where ``log_performance_summary`` writes; the standard logging when not given.
        clock: Source of time.
    """

    def __init__(self, logger: Says | None = None, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self.logger: Says = logger if logger is not None else logging.getLogger(__name__)
        self._clock = clock
        self._lock = threading.Lock()
        self._cpu: tuple[float, float, float] | None = None
        self._history: deque[tuple[float, SystemMetrics]] = deque(maxlen=HISTORY)

    @property
    def metrics_history(self) -> tuple[SystemMetrics, ...]:
        """What was sampled so far, oldest first."""
        with self._lock:
            return tuple(metrics for _, metrics in self._history)

    def get_current_metrics(self) -> SystemMetrics:
        """Return the host now; CPU use is that since the last call, at least over 0.2 s."""
        with self._lock:
            before, self._cpu = self._cpu, None
        if before is None:
            before = (self._clock.monotonic(), *_cpu_seconds())
        self._clock.sleep(before[0] + _SHORTEST_SECONDS - self._clock.monotonic())
        now = (self._clock.monotonic(), *_cpu_seconds())
        metrics = _read(_percent(now[1] - before[1], now[2] - before[2]), self._clock)
        with self._lock:
            self._cpu = now
            self._history.append((self._clock.monotonic(), metrics))
        return metrics

    def analyze_performance_trends(self, minutes: float = 10) -> PerformanceTrends | TrendsUnavailable:
        """Return where CPU and memory are going, from the samples of the last ``minutes``."""
        since = self._clock.monotonic() - timedelta(minutes=minutes).total_seconds()
        with self._lock:
            recent = [metrics for at, metrics in self._history if at >= since]
        return trends_of(recent, minutes=minutes)

    def log_performance_summary(self) -> None:
        """Sample the host and write one line, and one for each alert."""
        metrics = self.get_current_metrics()
        self.logger.info(
            "system.performance cpu_percent=%.1f memory_percent=%.1f memory_used_gb=%.2f memory_total_gb=%.2f"
            " disk_percent=%.1f disk_free_gb=%.2f network_connections=%d process_count=%d"
            " load_average=%s",
            metrics.cpu_percent,
            metrics.memory_percent,
            metrics.memory_used_gb,
            metrics.memory_total_gb,
            metrics.disk_percent,
            metrics.disk_free_gb,
            metrics.network_connections,
            metrics.process_count,
            "/".join(f"{load:.2f}" for load in metrics.load_average),
        )
        for alert in self.analyze_performance_trends().alerts:
            self.logger.warning("system.performance_alert %s", alert)


def trends_of(samples: Sequence[SystemMetrics], *, minutes: float) -> PerformanceTrends | TrendsUnavailable:
    """Return the trends of some samples, oldest first."""
    if len(samples) < 2:
        advice = "Call get_current_metrics at least twice, some seconds apart."
        said = "No metrics in this period." if not samples else "One sample has no trend."
        return TrendsUnavailable(error=f"{said} {advice}", sample_count=len(samples))
    cpu = trend_of([sample.cpu_percent for sample in samples])
    memory = trend_of([sample.memory_percent for sample in samples])
    alerts = [
        *_alerts("CPU", cpu, too_much=_MOST_CPU, rising=_RISING_CPU),
        *_alerts("Memory", memory, too_much=_MOST_MEMORY, rising=_RISING_MEMORY),
    ]
    return PerformanceTrends(
        time_period_minutes=minutes, sample_count=len(samples), cpu=cpu, memory=memory, alerts=tuple(alerts)
    )


def _alerts(what: str, trend: Trend, *, too_much: float, rising: float) -> list[str]:
    alerts = []
    if trend.current > too_much:
        alerts.append(f"{what} use is {trend.current:.0f} %, over {too_much:.0f} %")
    if trend.trend == "increasing" and trend.current > rising:
        alerts.append(f"{what} use is rising: {trend.current:.0f} %, on average {trend.average:.0f} %")
    return alerts


def trend_of(values: Sequence[float]) -> Trend:
    """Return the summary of at least one value; a direction only beyond chance (Mann-Kendall)."""
    count = len(values)
    direction = "unknown"
    if count >= _FEWEST_FOR_A_TREND:
        step = max(1, count // 200)
        thinned = values[::step]
        n = len(thinned)
        score = sum((b > a) - (b < a) for i, a in enumerate(thinned) for b in thinned[i + 1 :])
        z = (abs(score) - 1) / (n * (n - 1) * (2 * n + 5) / 18) ** 0.5 if score else 0.0
        third = max(1, n // 3)
        rise = sum(thinned[-third:]) / third - sum(thinned[:third]) / third
        direction = "stable"
        if z > _SIGNIFICANT_Z and abs(rise) >= _NOTICEABLE_POINTS:
            direction = "increasing" if score > 0 else "decreasing"
    return Trend(current=values[-1], average=sum(values) / count, min=min(values), max=max(values), trend=direction)


def _percent(busy: float, total: float) -> float:
    return min(100.0, max(0.0, 100.0 * busy / total)) if total > 0 else 0.0


def _cpu_seconds() -> tuple[float, float]:
    """Return busy and total CPU time, in one unit."""
    if host.has_proc():
        times = host.cpu_times()
        return float(times.busy), float(times.total)
    import psutil

    each = psutil.cpu_times()
    total = float(sum(each))
    return total - float(each.idle), total


def _read(cpu_percent: float, clock: Clock) -> SystemMetrics:
    import shutil

    if host.has_proc():
        memory = host.meminfo()
        total = memory.get("MemTotal", 0)
        used = total - memory.get("MemAvailable", memory.get("MemFree", 0))
        connections = len(host.tcp_sockets())
        processes = sum(1 for name in os.listdir("/proc") if name.isdigit())  # noqa: PTH208 - names only
    else:
        import psutil

        virtual = psutil.virtual_memory()
        total, used = virtual.total, virtual.total - virtual.available
        processes = len(psutil.pids())
        try:
            connections = len(psutil.net_connections("tcp"))
        except psutil.AccessDenied:
            connections = len(psutil.Process().net_connections("tcp"))  # what an ordinary user may see
    disk = shutil.disk_usage(os.path.abspath(os.sep))  # noqa: PTH100 - the root, on every system
    return SystemMetrics(
        timestamp=clock.now().isoformat(),
        cpu_percent=round(cpu_percent, 1),
        memory_percent=round(_percent(used, total), 1),
        memory_used_gb=round(used / _GIGABYTE, 2),
        memory_total_gb=round(total / _GIGABYTE, 2),
        disk_percent=round(_percent(disk.used, disk.used + disk.free), 1),
        disk_free_gb=round(disk.free / _GIGABYTE, 2),
        network_connections=connections,
        process_count=processes,
        load_average=os.getloadavg() if hasattr(os, "getloadavg") else (0.0, 0.0, 0.0),
    )
