"""What was sampled since the start, in a hundred kilobytes, and where each number is going."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

from diagnostics.model.record import Record
from diagnostics.system_monitor.sample import HostSample

RECENT = 600
"""Samples kept as they came: ten minutes at one a second."""
ALL = 512
"""Samples kept of the whole time; when they are that many, every second one goes, and fewer are added from then on."""
_FEWEST_FOR_A_TREND = 8


#: What is kept of a sample, in the order of :func:`row_of`; names are those of docs/reference/observations.md.
SERIES = (
    "host.cpu.utilization",
    "host.cpu.iowait",
    "host.cpu.steal",
    "host.cpu.runnable",
    "host.pressure.cpu.some",
    "host.pressure.memory.full",
    "host.pressure.io.full",
    "host.memory.available",
    "host.memory.used_ratio",
    "host.swap.rate",
    "host.disk.latency",
    "host.disk.busy",
    "host.disk.free_ratio",
    "host.disk.inodes_free_ratio",
    "host.network.retransmit_ratio",
    "host.network.established",
    "host.network.ports_used_ratio",
    "cgroup.cpu.throttled_ratio",
    "cgroup.memory.used",
    "process.cpu.utilization",
    "process.cpu.wait_share",
    "process.memory.rss",
    "process.threads",
    "process.fds",
)
_PLACE = {name: place for place, name in enumerate(SERIES)}
_WIDTH = len(SERIES)


def row_of(sample: HostSample) -> tuple[float, ...]:
    """Return the numbers of :data:`SERIES`; of several disks or volumes the worst."""
    cpu, memory, network, process = sample.cpu, sample.memory, sample.network, sample.process
    latency = busy = 0.0
    for disk in sample.disks:
        latency, busy = max(latency, disk.latency), max(busy, disk.busy)
    free = inodes = 1.0
    for volume in sample.volumes:
        free, inodes = min(free, volume.free_ratio), min(inodes, volume.inodes_free_ratio)
    stalled = sample.pressure.get
    return (
        cpu.utilization,
        cpu.iowait,
        cpu.steal,
        cpu.runnable,
        stalled("cpu.some", 0.0),
        stalled("memory.full", 0.0),
        stalled("io.full", 0.0),
        memory.available,
        memory.used_ratio,
        memory.swap_rate,
        latency,
        busy,
        free,
        inodes,
        network.retransmit_ratio,
        network.sockets.get("established", 0),
        network.ports_used_ratio,
        cpu.throttled_ratio or 0.0,
        memory.group_used or 0,
        process.cpu,
        process.wait_share,
        process.rss,
        process.threads,
        process.descriptors,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesTrend(Record):
    """One number over time.

    Attributes:
        direction: ``rising``, ``falling``, ``steady``, or ``unknown`` with too few samples.
        per_hour: Change in an hour (Theil-Sen), with the ends of its 95 % interval.
        limit: Where it ends badly, when known.
        seconds_to_limit: Best guess, soonest and latest; None when no significant trend leads there.
    """

    name: str
    sample_count: int
    seconds: float
    current: float
    average: float
    min: float
    max: float
    direction: str
    per_hour: float = 0.0
    per_hour_low: float = 0.0
    per_hour_high: float = 0.0
    p_value: float = 1.0
    limit: float | None = None
    seconds_to_limit: tuple[float, float, float] | None = None


class History:
    """Samples as rows of numbers: the last ones all, the whole time evenly thinned; memory is bounded.

    One writer, any number of readers under its lock.
    """

    def __init__(self, recent: int = RECENT, whole: int = ALL) -> None:
        self._recent = _Rows()
        self._whole = _Rows()
        self._most_recent = recent
        self._most_whole = whole
        self._next = 0
        self._spacing = 0.0

    def add(self, at: float, sample: HostSample) -> None:
        """Remember a sample.

        Args:
            at: Seconds of a monotonic clock, never before those of the sample before.
            sample: What was seen.
        """
        row = row_of(sample)
        if len(self._recent.times) < self._most_recent:
            self._recent.append(at, row)
        else:
            self._recent.replace(self._next, at, row)
            self._next = (self._next + 1) % self._most_recent
        whole = self._whole
        # A sample that comes a little early counts: timers are not exact.
        if whole.times and at - whole.times[-1] < 0.9 * self._spacing:
            return
        whole.append(at, row)
        if len(whole.times) >= self._most_whole:
            whole.halve()
            self._spacing = (whole.times[-1] - whole.times[0]) / (len(whole.times) - 1)

    def __len__(self) -> int:
        return len(self._recent.times)

    def values(self, name: str, since: float = float("-inf")) -> tuple[list[float], list[float]]:
        """Return moments and values of a series, oldest first, evenly spaced as far as the samples were.

        Raises:
            KeyError: There is no such series.
        """
        place, start = _PLACE[name], self._next
        rows = self._recent
        oldest = rows.times[start] if len(rows.times) == self._most_recent else float("-inf")
        if since < oldest:
            rows, start = self._whole, 0
        column = rows.rows[place::_WIDTH]
        times = [*rows.times[start:], *rows.times[:start]]
        found = [*column[start:], *column[:start]]
        first = next((index for index, at in enumerate(times) if at >= since), len(times))
        return times[first:], found[first:]


class _Rows:
    """Moments, and the numbers of each moment one after the other."""

    __slots__ = ("rows", "times")

    def __init__(self) -> None:
        self.rows: array[float] = array("f")
        self.times: array[float] = array("d")

    def append(self, at: float, row: tuple[float, ...]) -> None:
        self.times.append(at)
        self.rows.extend(row)

    def replace(self, place: int, at: float, row: tuple[float, ...]) -> None:
        self.times[place] = at
        self.rows[place * _WIDTH : (place + 1) * _WIDTH] = array("f", row)

    def halve(self) -> None:
        kept = range(0, len(self.times), 2)
        rows: array[float] = array("f")
        for place in kept:
            rows.extend(self.rows[place * _WIDTH : (place + 1) * _WIDTH])
        self.times, self.rows = self.times[::2], rows


def series_trend(name: str, times: list[float], values: list[float], limit: float | None = None) -> SeriesTrend:
    """Return where a series of at least one value is going."""
    if not values:
        raise ValueError(f"{name}: no sample yet")
    basics = {
        "name": name,
        "sample_count": len(values),
        "seconds": times[-1] - times[0],
        "current": values[-1],
        "average": sum(values) / len(values),
        "min": min(values),
        "max": max(values),
    }
    if len(values) < _FEWEST_FOR_A_TREND or times[0] == times[-1]:
        return SeriesTrend(**basics, direction="unknown", limit=limit)  # type: ignore[arg-type]
    from diagnostics.stats.trend import seconds_until, trend

    line = trend([at - times[0] for at in times], values)
    direction = "steady" if line.is_conclusive else "unknown"
    if line.is_conclusive and line.p_value < 0.05 and line.slope:
        direction = "rising" if line.slope > 0 else "falling"
    return SeriesTrend(
        **basics,  # type: ignore[arg-type]
        direction=direction,
        per_hour=line.slope * 3600,
        per_hour_low=line.low * 3600,
        per_hour_high=line.high * 3600,
        p_value=line.p_value,
        limit=limit,
        seconds_to_limit=None if limit is None else seconds_until(line, times[-1] - times[0], limit),
    )
