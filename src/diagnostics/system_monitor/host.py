"""SystemMonitor: the host and our process, now and over the last hour. A facade."""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol, Self

from diagnostics.errors import ConfigurationError
from diagnostics.model.record import Record
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock

if TYPE_CHECKING:
    from diagnostics.runtime.groups import GroupLimits
    from diagnostics.runtime.host import TcpSocket
    from diagnostics.system_monitor.allocations import Allocations
    from diagnostics.system_monitor.sample import HostSample
    from diagnostics.system_monitor.sampler import Sampler
    from diagnostics.system_monitor.series import History, SeriesTrend

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


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryVerdict(Record):
    """Whether the memory of this process grows for good.

    Attributes:
        verdict: ``leak``, ``settling`` (a warm-up that dies out), ``stepped`` (it grew once), ``stable``, ``unknown``.
        per_hour: Growth of what is never given back, in bytes an hour, with the ends of its 95 % interval.
        limit: Bytes at which it ends badly: the control group's limit, or what the host has left.
        seconds_to_limit: Best guess, soonest and latest; None unless it leaks.
        because: In words, with the numbers seen.
    """

    verdict: str
    rss: int
    per_hour: float
    per_hour_low: float
    per_hour_high: float
    p_value: float
    limit: int | None
    seconds_to_limit: tuple[float, float, float] | None
    sample_count: int
    seconds: float
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketUse(Record):
    """TCP sockets of this network namespace.

    Attributes:
        states: Number by state.
        busiest: Destination with the most local ports, as ``host:port``.
        ports_used_ratio: Its ports over those that the kernel may choose.
    """

    states: dict[str, int]
    busiest: str
    ports_used_ratio: float


class SystemMonitor:
    """Samples the host when asked, or all the time, and remembers what it saw.

    ``with SystemMonitor() as monitor:`` samples once a second on a thread of its own.

    Args:
        logger: Where ``log_performance_summary`` writes; the standard logging when not given.
        volumes: Paths whose file systems ``sample`` looks at.
        clock: Source of time.
    """

    def __init__(
        self, logger: Says | None = None, *, volumes: Sequence[str] = ("/",), clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self.logger: Says = logger if logger is not None else logging.getLogger(__name__)
        self._clock = clock
        self._lock = threading.Lock()
        self._cpu: tuple[float, float, float] | None = None
        self._history: deque[tuple[float, SystemMetrics]] = deque(maxlen=HISTORY)
        self._volumes = tuple(volumes)
        self._sampler: Sampler | None = None
        self._series: History | None = None
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()

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

    # -- samples of everything -------------------------------------------------------------------------------

    def sample(self, *, processes: bool = False, complete: bool = False) -> HostSample:
        """Return everything about the host and this process now (0.2 ms), and remember it for the trends.

        Args:
            processes: With all processes of the host.
            complete: read what moves slowly (pressure, TCP, control group, paging), too, however lately it was read.

        Raises:
            ProbeError: There is no ``/proc``.
        """
        from diagnostics.system_monitor.sampler import Sampler
        from diagnostics.system_monitor.series import History

        with self._lock:
            if self._sampler is None or self._series is None:
                self._sampler = Sampler(self._volumes)
                self._series = History()
            found = self._sampler.sample(processes=processes, complete=complete)
            self._series.add(self._clock.monotonic(), found)
        return found

    def start(self, interval_seconds: float = 1.0) -> Self:
        """Sample on a daemon thread until ``stop``; does nothing when it runs already.

        Raises:
            ConfigurationError: The interval is not positive.
            ProbeError: There is no ``/proc``.
        """
        if interval_seconds <= 0:
            raise ConfigurationError(f"interval_seconds must be positive, not {interval_seconds}.")
        if self._thread is not None and self._thread.is_alive():
            return self
        self.sample()
        self._ended = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(interval_seconds, self._ended), name="diagnostics-system-monitor", daemon=True
        )
        self._thread.start()
        return self

    def _run(self, interval_seconds: float, ended: threading.Event) -> None:
        while not ended.wait(interval_seconds):
            try:
                self.sample()
            except Exception:  # the host must not notice, and the next sample may succeed
                logging.getLogger(__name__).debug("system.sample_failed", exc_info=True)

    def stop(self) -> None:
        """End the thread; what was sampled stays."""
        self._ended.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(timeout=5.0)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def series(self, name: str, minutes: float = 10) -> tuple[list[float], list[float]]:
        """Return moments (seconds of a monotonic clock) and values of one number, oldest first.

        The last 600 samples are kept as they came; of the whole time up to 512, evenly thinned.

        Raises:
            ConfigurationError: There is no such series; the message lists them.
        """
        from diagnostics.system_monitor.series import SERIES

        if name not in SERIES:
            raise ConfigurationError(f"There is no series {name!r}. There are: {', '.join(SERIES)}.")
        since = self._clock.monotonic() - timedelta(minutes=minutes).total_seconds()
        with self._lock:
            return self._series.values(name, since) if self._series is not None else ([], [])

    def trend(self, name: str, minutes: float = 10, *, limit: float | None = None) -> SeriesTrend | TrendsUnavailable:
        """Return where one number is going, with the interval of its slope and the time until ``limit``.

        Raises:
            ConfigurationError: There is no such series; the message lists them.
        """
        from diagnostics.system_monitor.series import series_trend

        times, values = self.series(name, minutes)
        if not values:
            return TrendsUnavailable(
                error="No sample in this period. Call start, or sample now and then.", sample_count=0
            )
        return series_trend(name, times, values, limit)

    def memory_verdict(self, minutes: float = 1440) -> MemoryVerdict | TrendsUnavailable:
        """Return whether this process leaks, told from warm-up, steps and saw-tooth, and when memory ends."""
        from diagnostics.stats.leak import FEWEST_POINTS, leak

        times, values = self.series("process.memory.rss", minutes)
        if len(values) < FEWEST_POINTS or times[0] == times[-1]:
            error = f"A verdict needs {FEWEST_POINTS} samples or more. Call start, and ask again later."
            return TrendsUnavailable(error=error, sample_count=len(values))
        now = self.sample(complete=True)
        limit = now.memory.available + now.process.rss
        if now.memory.group_limit is not None and now.memory.group_used is not None:
            limit = min(limit, max(0, now.memory.group_limit - now.memory.group_used) + now.process.rss)
        found = leak([at - times[0] for at in times], values, limit=float(limit))
        return _verdict(found, now.process.rss, limit, times[-1] - times[0])

    def allocation_sites(self, seconds: float = 10.0, *, most: int = 10) -> Allocations:
        """Return the lines of code whose memory grows over the next ``seconds``; see ``allocations``."""
        from diagnostics.system_monitor.allocations import allocation_sites

        return allocation_sites(seconds, most=most, clock=self._clock)

    def limits(self) -> GroupLimits:
        """Return what the control groups above this process allow: CPUs, memory, tasks; None without a limit."""
        from diagnostics.runtime.groups import limits

        return limits()

    def sockets(self) -> SocketUse:
        """Return TCP sockets by state, and the destination that uses most local ports.

        It reads the kernel's whole table: 1 ms and more on a busy host, so it is no part of ``sample``.
        """
        from diagnostics.runtime import host

        return socket_use(host.tcp_sockets(), host.read_or_empty("/proc/sys/net/ipv4/ip_local_port_range"))

    # -- ten numbers -----------------------------------------------------------------------------------------

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


def socket_use(sockets: Sequence[TcpSocket], port_range: str) -> SocketUse:
    """Return what a table of sockets says (pure)."""
    states: dict[str, int] = {}
    ports: dict[tuple[str, int], set[int]] = {}
    bounds = port_range.split()
    low, high = (int(bounds[0]), int(bounds[1])) if len(bounds) == 2 else (0, -1)
    for each in sockets:
        states[each.state] = states.get(each.state, 0) + 1
        if each.state != "LISTEN" and low <= each.local_port <= high:
            ports.setdefault((each.remote_host, each.remote_port), set()).add(each.local_port)
    where, used = max(ports.items(), key=lambda item: len(item[1]), default=(("", 0), set()))
    return SocketUse(
        states=dict(sorted(states.items())),
        busiest=f"{where[0]}:{where[1]}" if used else "",
        ports_used_ratio=len(used) / (high - low + 1) if high >= low else 0.0,
    )


def _verdict(found: Any, rss: int, limit: int, seconds: float) -> MemoryVerdict:
    megabyte = 1 << 20
    hourly = tuple(value * 3600.0 for value in (found.slope, found.low, found.high))
    kept = "the troughs of its saw-tooth" if found.is_sawtooth else "its floor"
    said = {
        "leak": f"{kept} rises by {hourly[0] / megabyte:.1f} MiB an hour"
        f" (95 %: {hourly[1] / megabyte:.1f} to {hourly[2] / megabyte:.1f})",
        "settling": f"{kept} rose and settles, as after a start",
        "stepped": f"{kept} rose once and stays there",
        "stable": f"{kept} stays where it is",
        "unknown": f"{kept} moves, but not in a way that can be told from chance, a warm-up or a saw-tooth yet",
    }[found.growth.value]
    return MemoryVerdict(
        verdict=found.growth.value,
        rss=rss,
        per_hour=hourly[0],
        per_hour_low=hourly[1],
        per_hour_high=hourly[2],
        p_value=found.p_value,
        limit=limit,
        seconds_to_limit=found.until_limit,
        sample_count=found.n,
        seconds=seconds,
        because=f"RSS {rss / megabyte:.0f} MiB: {said}; {found.n} samples in {seconds / 60:.0f} min",
    )


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
    from diagnostics.runtime import host

    if host.has_proc():
        times = host.cpu_times()
        return float(times.busy), float(times.total)
    import psutil

    each = psutil.cpu_times()
    total = float(sum(each))
    return total - float(each.idle), total


def _read(cpu_percent: float, clock: Clock) -> SystemMetrics:
    import shutil

    from diagnostics.runtime import host

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
