"""What a monitor and the flight recorder know, in Prometheus' text format; checked by the real one in the tests.

Written here and not by prometheus_client, whose page with a hundred histograms costs ten times as much CPU: labels do not
change from scrape to scrape, so their text is made once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from http import HTTPStatus
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from diagnostics.core_diagnostics.aggregates import Slot, bounds_of
from diagnostics.model.alert import AlertSeverity
from diagnostics.model.health import CheckState, HealthReport, HealthStatus

if TYPE_CHECKING:
    from diagnostics.core_diagnostics.recorder import FlightRecorder
    from diagnostics.post_solution_monitoring.monitor import PostSolutionMonitor

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds; those of prometheus_client, begun a little earlier, for functions are quicker than requests."""

Labels = tuple[tuple[str, str], ...]


@lru_cache(maxsize=50_000)
def label_text(labels: Labels) -> str:
    r"""Return labels as Prometheus writes them, without braces; empty for none.

    Example:
        >>> label_text((("check", 'a "b"'),))
        'check="a \\"b\\""'
    """
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in labels)


def family(name: str, kind: str, text: str, samples: Iterable[tuple[Labels, float]]) -> list[str]:
    """Return the lines of one metric; a number that is none is left out, for absence is what alerts can see."""
    lines = []
    for labels, value in samples:
        if not math.isnan(value):
            lines.append(f"{name}{{{label_text(labels)}}} {_number(value)}" if labels else f"{name} {_number(value)}")
    return [f"# HELP {name} {text}", f"# TYPE {name} {kind}", *lines] if lines else []


def histogram(name: str, text: str, children: Iterable[tuple[Labels, Slot]]) -> list[str]:
    """Return the lines of a histogram; a call counts in the bucket that surely holds it.

    Ours are at most 12.5 % wide and do not end where Prometheus' do: what straddles a bound counts above it.
    """
    lines = [f"# HELP {name} {text}", f"# TYPE {name} histogram"]
    for labels, slot in children:
        counts = [0] * (len(BOUNDS) + 1)
        for bucket, count in slot.buckets.items():
            counts[_PLACES[bucket]] += count
        heads, last, total, number = _heads(name, labels)
        lines += map(str.__add__, heads, map(str, accumulate(counts)))
        lines += (f"{last}{slot.count}", f"{total}{slot.total / 1e9!r}", f"{number}{slot.count}")
    return lines if len(lines) > 2 else []


_LES = tuple((round(bound * 1e9), repr(bound)) for bound in BOUNDS)


class _Places(dict[int, int]):
    """Which of ``BOUNDS`` is the first that surely holds a bucket; found once for each of a few hundred buckets."""

    def __missing__(self, bucket: int) -> int:
        end = bounds_of(bucket)[1] - 1
        self[bucket] = place = next((place for place, (bound, _) in enumerate(_LES) if end <= bound), len(_LES))
        return place


_PLACES = _Places()


@lru_cache(maxsize=5_000)
def _heads(name: str, labels: Labels) -> tuple[tuple[str, ...], str, str, str]:
    """Return what the lines of one child begin with: its buckets', the last one's, its sum's, its count's."""
    inner = label_text(labels)
    heads = tuple(f'{name}_bucket{{{inner},le="{le}"}} ' for _, le in _LES)
    return heads, f'{name}_bucket{{{inner},le="+Inf"}} ', f"{name}_sum{{{inner}}} ", f"{name}_count{{{inner}}} "


def health_lines(report: HealthReport) -> list[str]:
    """Return what a report says (pure)."""
    checks = [((("check", check.name), ("critical", str(check.critical).lower())), check) for check in report.checks]
    lines = family(
        "diagnose_health_status",
        "gauge",
        "1 for the status that the whole has now.",
        [((("status", status.value.lower()),), float(status is report.overall_status)) for status in HealthStatus],
    )
    lines += family(
        "diagnose_check_passes",
        "gauge",
        "Whether the check passed when it last knew: 1 or 0; absent while nothing is known.",
        [
            (labels, math.nan if check.state is CheckState.UNKNOWN else float(check.state is not CheckState.FAIL))
            for labels, check in checks
        ],
    )
    lines += family(
        "diagnose_check_unknown",
        "gauge",
        "Whether nothing was known when the check was last looked at: 1 or 0.",
        [(labels, float(check.state is CheckState.UNKNOWN)) for labels, check in checks],
    )
    lines += family(
        "diagnose_check_alerting",
        "gauge",
        "Whether the alert of the check is open (its rule holds, or it flaps).",
        [(labels, float(check.phase.value in ("firing", "resolving", "flapping"))) for labels, check in checks],
    )
    lines += family(
        "diagnose_check_duration_seconds",
        "gauge",
        "How long the last look took.",
        [(labels, check.duration_seconds if check.at else math.nan) for labels, check in checks],
    )
    lines += family(
        "diagnose_check_last_look_timestamp_seconds",
        "gauge",
        "When the check was last looked at.",
        [(labels, check.at.timestamp() if check.at else math.nan) for labels, check in checks],
    )
    lines += family(
        "diagnose_measured",
        "gauge",
        "The newest number that a check measured, in the unit that its name tells; absent while nothing is known.",
        [
            ((("check", check.name), ("measure", name)), float(value))
            for check in report.checks
            for name, value in check.metrics.items()
        ],
    )
    lines += family(
        "diagnose_alerts_open",
        "gauge",
        "Alerts that are open.",
        [
            ((("severity", severity.value.lower()),), float(sum(a.severity is severity for a in report.active_alerts)))
            for severity in AlertSeverity
        ],
    )
    lines += family(
        "diagnose_in_maintenance", "gauge", "Whether alerts are silent.", [((), float(bool(report.maintenance)))]
    )
    lines += family("diagnose_uptime_seconds", "gauge", "Since the monitor was started.", [((), report.uptime_seconds)])
    made = datetime.fromisoformat(report.timestamp).timestamp()
    lines += family(
        "diagnose_heartbeat_timestamp_seconds", "gauge", "When the monitor last knew its own state.", [((), made)]
    )
    return lines


def delivery_lines(counts: Iterable[tuple[str, int, int]]) -> list[str]:
    """Return how the notices fared: (channel, delivered, given up)."""
    kept = list(counts)
    lines = family(
        "diagnose_notifications_delivered_total",
        "counter",
        "Notices that a receiver took.",
        [((("channel", channel),), float(delivered)) for channel, delivered, _ in kept],
    )
    return lines + family(
        "diagnose_notifications_failed_total",
        "counter",
        "Notices that were given up.",
        [((("channel", channel),), float(failed)) for channel, _, failed in kept],
    )


def function_lines(totals: Mapping[str, Slot]) -> list[str]:
    """Return rate, errors and duration of the instrumented functions."""
    children: Sequence[tuple[Labels, Slot]] = [((("function", name),), slot) for name, slot in sorted(totals.items())]
    lines = histogram("diagnose_call_duration_seconds", "Duration of calls of instrumented functions.", children)
    return lines + family(
        "diagnose_call_errors_total",
        "counter",
        "Calls of instrumented functions that raised.",
        [(labels, float(slot.errors)) for labels, slot in children],
    )


def exposition(monitor: PostSolutionMonitor | None = None, recorder: FlightRecorder | None = None) -> bytes:
    """Return the page that Prometheus scrapes; it never runs a check.

    Args:
        monitor: Its checks, alerts and notices.
        recorder: Its instrumented functions.
    """
    lines: list[str] = []
    if monitor is not None:
        lines += health_lines(monitor.get_current_health())
        lines += delivery_lines(monitor.notifications())
    if recorder is not None:
        lines += function_lines(recorder.totals())
    return ("\n".join(lines) + "\n").encode()


class MetricsEndpoint:
    """The page as a WSGI and ASGI application."""

    def __init__(self, page: Callable[[], bytes]) -> None:
        self._page = page

    def __call__(self, *arguments: Any) -> Any:
        """Answer a WSGI call (two arguments) or an ASGI one (three)."""
        if len(arguments) == 2:
            environ, start_response = arguments
            status = (
                HTTPStatus.OK
                if environ.get("REQUEST_METHOD", "GET") in ("GET", "HEAD")
                else HTTPStatus.METHOD_NOT_ALLOWED
            )
            body = self._page() if status is HTTPStatus.OK else b""
            start_response(
                f"{status.value} {status.phrase}", [("Content-Type", MEDIA_TYPE), ("Content-Length", str(len(body)))]
            )
            return [b"" if environ.get("REQUEST_METHOD") == "HEAD" else body]
        return self._asgi(*arguments)

    async def _asgi(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": f"{message['type']}.complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        if scope["type"] != "http":
            return
        import asyncio

        fits = scope.get("method", "GET") in ("GET", "HEAD")
        body = await asyncio.to_thread(self._page) if fits else b""
        headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200 if fits else 405, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope.get("method") == "HEAD" else body})


def metrics_endpoint(
    monitor: PostSolutionMonitor | None = None, recorder: FlightRecorder | None = None
) -> MetricsEndpoint:
    """Return ``/metrics`` for any WSGI or ASGI framework: mount it, or serve it alone."""
    return MetricsEndpoint(lambda: exposition(monitor, recorder))


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _number(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
