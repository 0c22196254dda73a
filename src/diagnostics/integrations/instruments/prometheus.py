"""prometheus_client: rate, errors and duration of every name the flight recorder knows, read when it is scraped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from diagnostics.core_diagnostics.aggregates import Slot, bounds_of
from diagnostics.core_diagnostics.logger import flight_recorder
from diagnostics.core_diagnostics.recorder import FlightRecorder
from diagnostics.errors import MissingExtraError

if TYPE_CHECKING:
    from prometheus_client.registry import CollectorRegistry

#: Upper bounds, as powers of two of a nanosecond (16 µs to 69 s): they fall together with those of our own buckets, so
#: that the counts are exact.
_BOUNDS = tuple(1 << power for power in range(14, 37, 2))


class RedCollector:
    """Gives ``diagnostics_calls_total``, ``diagnostics_call_errors_total`` and ``diagnostics_call_duration_seconds``.

    Calls pay nothing for it: the counts are those that the recorder keeps anyway.

    Args:
        recorder: Which one.
    """

    def __init__(self, recorder: FlightRecorder = flight_recorder) -> None:
        self.recorder = recorder

    def collect(self) -> Iterator[Any]:
        """Return the families of metrics as they are now."""
        from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

        calls = CounterMetricFamily("diagnostics_calls", "Calls and blocks that ended.", labels=["name"])
        errors = CounterMetricFamily("diagnostics_call_errors", "Of those, the ones that raised.", labels=["name"])
        durations = HistogramMetricFamily("diagnostics_call_duration_seconds", "How long they took.", labels=["name"])
        for name, slot in sorted(self.recorder.totals().items()):
            calls.add_metric([name], slot.count)
            errors.add_metric([name], slot.errors)
            durations.add_metric([name], list(_cumulative(slot)), slot.total / 1e9)
        yield from (calls, errors, durations)

    def describe(self) -> Iterable[Any]:
        """Return nothing: which names there are is known when there are calls."""
        return []


def _cumulative(slot: Slot) -> Iterator[tuple[str, float]]:
    buckets = sorted(slot.buckets.items())
    at = seen = 0
    for bound in _BOUNDS:
        while at < len(buckets) and bounds_of(buckets[at][0])[1] <= bound:
            seen += buckets[at][1]
            at += 1
        yield str(bound / 1e9), seen
    yield "+Inf", slot.count


def register(registry: CollectorRegistry | None = None, recorder: FlightRecorder = flight_recorder) -> RedCollector:
    """Have a registry of prometheus_client (the global one) ask the recorder; return the collector.

    Raises:
        MissingExtraError: prometheus_client is not installed.
    """
    try:
        from prometheus_client import REGISTRY
    except ImportError as error:
        raise MissingExtraError("otel", needed_for="Metrics by prometheus_client") from error
    collector = RedCollector(recorder)
    (REGISTRY if registry is None else registry).register(collector)
    return collector
