"""What is known -> what the pages show (pure)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from diagnostics.model.alert import MonitoringAlert
from diagnostics.model.event import Event
from diagnostics.model.health import CheckHealth, HealthReport, HealthStatus
from diagnostics.post_solution_monitoring.rollup import FAILED, OWN, UNKNOWN, Bucket
from diagnostics.reports import charts, formats

RANGES: Mapping[str, timedelta] = {
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "24h": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "365d": timedelta(days=365),
}
POINTS = 240
"""A chart has about so many points: more than a screen shows apart."""
GAP_STEPS = 2.5
"""Where more than two buckets in a row are empty, nothing was measured, and the line is broken."""
MOST_ROWS = 100
"""Rows of the overview; beyond it the filter is quicker than scrolling."""

_SHAPES = {
    HealthStatus.HEALTHY: ("good", "●"),
    HealthStatus.DEGRADED: ("warn", "▲"),
    HealthStatus.CRITICAL: ("bad", "■"),
    HealthStatus.DOWN: ("bad", "✕"),
    HealthStatus.UNKNOWN: ("", "?"),
}
_WORST_FIRST = (
    HealthStatus.DOWN, HealthStatus.CRITICAL, HealthStatus.UNKNOWN, HealthStatus.DEGRADED, HealthStatus.HEALTHY,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """A traffic light: shape, colour and word together, so that none of them is the only sign."""

    tone: str
    shape: str
    word: str


def light(status: HealthStatus, words: Mapping[str, str]) -> Light:
    """Return the light of a status."""
    tone, shape = _SHAPES[status]
    return Light(tone=tone, shape=shape, word=words[f"health.{status.value.lower()}"])


def components(
    report: HealthReport, words: Mapping[str, str], now: datetime, *, name: str = "", status: str = ""
) -> dict[str, Any]:
    """Return the components, the worst first, those that the filter lets through; and how many there are of each."""
    fitting = [
        check
        for check in report.checks
        if name.casefold() in check.name.casefold() and status in ("", check.status.value.lower())
    ]
    fitting.sort(key=lambda check: (_WORST_FIRST.index(check.status), check.name))
    counts = [(light(state, words), sum(check.status is state for check in report.checks)) for state in _WORST_FIRST]
    return {
        "rows": [_component(check, words, now) for check in fitting[:MOST_ROWS]],
        "fitting": len(fitting),
        "total": len(report.checks),
        "counts": [(sign, count) for sign, count in counts if count],
        "statuses": [(state.value.lower(), words[f"health.{state.value.lower()}"]) for state in _WORST_FIRST],
    }


def _component(check: CheckHealth, words: Mapping[str, str], now: datetime) -> dict[str, Any]:
    return {
        "name": check.name,
        "light": light(check.status, words),
        "detail": check.detail,
        "critical": check.critical,
        "because_of": check.because_of,
        "age": formats.seconds(max(0.0, round((now - check.at).total_seconds()))) if check.at else "–",
        "duration": formats.seconds(check.duration_seconds) if check.at else "",
    }


def alert_rows(
    alerts: Sequence[MonitoringAlert],
    acknowledged: Sequence[Event],
    words: Mapping[str, str],
    *,
    name: str = "",
    state: str = "",
) -> list[dict[str, Any]]:
    """Return the alerts that the filter lets through, in the order given."""
    who = {event.subject: event for event in acknowledged}
    rows = []
    for alert in alerts:
        kind = "resolved" if alert.resolved else "open"
        if name.casefold() not in alert.component.casefold() or state not in ("", kind):
            continue
        severity = alert.severity.value.lower()
        tone = "good" if alert.resolved else {"critical": "bad", "warning": "warn"}.get(severity, "")
        seen = who.get(alert.alert_id)
        rows.append(
            {
                "id": alert.alert_id,
                "component": alert.component,
                "message": alert.message,
                "severity": words[f"alert_severity.{severity}"],
                "state": words[f"state.{kind}"],
                "tone": tone,
                "shape": {"good": "✓", "bad": "■", "warn": "▲"}.get(tone, "•"),
                "is_open": not alert.resolved,
                "began": formats.moment(alert.timestamp),
                "ended": formats.moment(alert.resolution_timestamp) if alert.resolution_timestamp else "",
                "acknowledged_by": seen.who if seen else "",
                "acknowledged_at": formats.moment(seen.at) if seen else "",
            }
        )
    return rows


def ordered(metrics: Sequence[str]) -> list[str]:
    """Return the metrics as people want them: what the check measures first, then how the looks went."""
    return [metric for metric in metrics if metric not in OWN] + [metric for metric in OWN if metric in metrics]


def step_of(span: timedelta) -> float:
    """Return seconds of one bucket for a chart of this span: a round number that gives about ``POINTS`` of them.

    Example:
        >>> step_of(timedelta(hours=1)), step_of(timedelta(days=365)) // 3600
        (15.0, 48.0)
    """
    wanted = span.total_seconds() / POINTS
    steps = (1, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 3 * 3600, 6 * 3600, 12 * 3600, 86_400, 2 * 86_400)
    return float(next((step for step in steps if step >= wanted), steps[-1]))


def figure(
    metric: str,
    buckets: Sequence[Bucket],
    before: Sequence[Bucket],
    markers: Sequence[Event],
    words: Mapping[str, str],
    *,
    since: datetime,
    until: datetime,
    step: float,
) -> charts.Line | None:
    """Return the chart of one number; None with fewer than two points."""
    span = (until - since).total_seconds()
    share = metric in (FAILED, UNKNOWN)
    unit = "1" if share else charts.unit_of(metric, [bucket.mean for bucket in buckets])
    title = words.get(f"metric.{metric}") or metric.replace("_", " ")
    # What is kept more coarsely than asked for has its own step.
    own = min((b.at - a.at).total_seconds() for a, b in pairwise(buckets)) if buckets[1:] else step
    return charts.line(
        {
            "name": title,
            "unit": unit,
            "points": [(bucket.at, bucket.mean) for bucket in buckets],
            "other": [(bucket.at.timestamp() + span, bucket.mean) for bucket in before],
            "markers": [
                {"at": event.at, "what": f"{words.get(f'event.{event.kind.value}', event.kind.value)}: {event.title}"}
                for event in markers
            ],
            "gap": GAP_STEPS * max(step, own),
            "start": since,
            "end": until,
        }
    )


def phases(document: Mapping[str, Any], words: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the six phases of a session: done, next, or locked by the iron law."""
    done = {str(name).rpartition("_")[2] for name in document.get("phases_completed") or ()}
    shown, is_next = [], True
    for number in "123456":
        state = "done" if number in done else "open" if is_next else "locked"
        is_next = is_next and number in done
        shown.append(
            {
                "number": number,
                "name": words[f"phase.{number}"],
                "state": state,
                "word": words[f"phase.{state}"],
                "shape": {"done": "✓", "open": "…", "locked": "🔒\ufe0e"}[state],
            }
        )
    return shown


def age_seconds(report: HealthReport, now: datetime) -> int:
    """Return how old the newest look of any check is, in whole seconds; that of the report where nothing was seen."""
    newest = max((check.at for check in report.checks if check.at), default=None)
    seen = newest or datetime.fromisoformat(report.timestamp)
    return max(0, math.floor((now - seen).total_seconds()))
