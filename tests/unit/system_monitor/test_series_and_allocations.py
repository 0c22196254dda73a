"""What is remembered of samples, and where memory grows."""

from __future__ import annotations

from itertools import pairwise

import pytest

from diagnostics.system_monitor.allocations import allocation_sites
from diagnostics.system_monitor.sampler import Sampler
from diagnostics.system_monitor.series import ALL, RECENT, SERIES, History, series_trend
from diagnostics.testing import FakeClock


@pytest.fixture(scope="module")
def sample():
    return Sampler().sample()


def test_the_last_samples_are_kept_as_they_came(sample) -> None:
    history = History(recent=5, whole=4)
    for second in range(12):
        history.add(float(second), sample)

    assert history.values("process.threads", since=7.0)[0] == [7.0, 8.0, 9.0, 10.0, 11.0]
    assert history.values("process.threads", since=9.5)[0] == [10.0, 11.0]


def test_of_the_whole_time_evenly_thinned_samples_are_kept_in_bounded_memory(sample) -> None:
    history = History(recent=10, whole=32)
    for second in range(10_000):
        history.add(float(second), sample)

    times, values = history.values("process.memory.rss")
    gaps = {b - a for a, b in pairwise(times)}

    assert times[0] == 0.0
    assert times[-1] > 9_000
    assert 16 <= len(times) <= 32
    assert max(gaps) <= 2 * min(gaps)
    assert values == pytest.approx([sample.process.rss] * len(values), rel=1e-6)


def test_a_day_of_samples_fits_into_a_hundred_and_fifty_kilobytes() -> None:
    assert (RECENT + ALL) * len(SERIES) * 4 < 150 * 1024


def test_a_rising_series_meets_its_limit_within_its_interval() -> None:
    times = [float(second) for second in range(300)]
    values = [100.0 + 2.0 * second + (second % 7) for second in range(300)]

    found = series_trend("x", times, values, limit=1000.0)

    assert found.direction == "rising"
    assert found.per_hour_low <= 7200 <= found.per_hour_high
    assert found.seconds_to_limit is not None
    best, soonest, latest = found.seconds_to_limit
    assert soonest * 0.98 <= 150.0 <= latest * 1.02
    assert best == pytest.approx(150.0, rel=0.05)


def test_too_few_samples_have_no_direction() -> None:
    assert series_trend("x", [0.0, 1.0], [1.0, 2.0]).direction == "unknown"
    with pytest.raises(ValueError, match="no sample"):
        series_trend("x", [], [])


class Hoarder(FakeClock):
    """A clock that keeps a piece of memory each time somebody waits."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[bytearray] = []

    def sleep(self, seconds: float) -> None:
        self.kept.append(bytearray(100_000))
        super().sleep(seconds)


def test_the_line_that_keeps_memory_is_named_with_its_callers() -> None:
    found = allocation_sites(2.0, clock=Hoarder())

    site = found.sites[0]
    assert site.file == __file__
    assert site.bytes_grown >= 700_000
    assert site.trace[-1] == f"{site.file}:{site.line}"
    assert found.grown_bytes >= 700_000
    assert not found.error


def test_tracing_that_takes_too_much_memory_ends_early() -> None:
    found = allocation_sites(1000.0, most_bytes=1, clock=Hoarder())

    assert found.cut_short
    assert found.seconds < 1.0


def test_tracing_is_off_again_afterwards() -> None:
    import tracemalloc

    allocation_sites(0.5, clock=FakeClock())

    assert not tracemalloc.is_tracing()
