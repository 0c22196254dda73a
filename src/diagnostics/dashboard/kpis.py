"""Key figures of the response to incidents, each with its definition and its number of cases (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from diagnostics.model.alert import MonitoringAlert
from diagnostics.model.event import Event
from diagnostics.reports import formats

LEAST_CASES = 5
"""With fewer cases a figure says more about chance than about the team; it is withheld."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpi:
    """One figure.

    Attributes:
        key: Name of its label and of its definition.
        value: As people read it; empty when it is withheld.
        cases: How many cases it rests on.
    """

    key: str
    value: str
    cases: int


def figures(
    alerts: Sequence[MonitoringAlert],
    acknowledged: Sequence[Event],
    answers: Sequence[Event],
    sessions: Sequence[Mapping[str, Any]],
    uptime: tuple[float | None, int],
) -> list[Kpi]:
    """Return the figures in the order of an incident's life.

    Args:
        alerts: All that are kept.
        acknowledged: Events of kind ``acknowledged``; subject is the alert.
        answers: Events of kind ``answered``: was the diagnosis right? The last one of a session counts.
        sessions: Documents of the sessions.
        uptime: Share of failed looks at critical checks, and how many looks.
    """
    fired = {alert.alert_id: alert for alert in alerts}
    first = {event.subject: event for event in reversed(acknowledged)}
    said = {event.subject: bool(event.body.get("right")) for event in answers}
    found = [_is_found(session) for session in sessions]
    fixes = [fix for session in sessions if isinstance(fix := session.get("implementation"), Mapping) and fix]
    per_component = Counter(alert.component for alert in alerts)
    return [
        _duration("mttd", [_detection(alert) for alert in alerts]),
        _duration(
            "mtta",
            [(event.at - _at(fired[key].timestamp)).total_seconds() for key, event in first.items() if key in fired],
        ),
        _duration(
            "mttr",
            [
                (_at(alert.resolution_timestamp) - _at(alert.timestamp)).total_seconds()
                for alert in alerts
                if alert.resolved and alert.resolution_timestamp
            ],
        ),
        _share("found", found),
        _share("false_positives", [not right for right in said.values()]),
        _share("fixed", [bool(fix.get("validation_passed")) and not fix.get("rollback_performed") for fix in fixes]),
        _share("rolled_back", [bool(fix.get("rollback_performed")) for fix in fixes]),
        _share("recurrence", [count > 1 for count in per_component.values()]),
        Kpi(
            key="uptime",
            value=formats.percent(1.0 - uptime[0]) if uptime[0] is not None and uptime[1] >= LEAST_CASES else "",
            cases=uptime[1],
        ),
    ]


def _duration(key: str, seconds: Sequence[float]) -> Kpi:
    enough = len(seconds) >= LEAST_CASES
    return Kpi(key=key, value=formats.seconds(median(seconds)) if enough else "", cases=len(seconds))


def _share(key: str, cases: Sequence[bool]) -> Kpi:
    enough = len(cases) >= LEAST_CASES
    return Kpi(key=key, value=formats.percent(sum(cases) / len(cases)) if enough else "", cases=len(cases))


def _detection(alert: MonitoringAlert) -> float:
    """Return seconds from the first bad look that counted to the alert; at most one interval less than the truth."""
    bad, interval = alert.details.get("bad"), alert.details.get("interval_seconds")
    looks = bad if isinstance(bad, int) else 1
    return max(0, looks - 1) * float(interval) if isinstance(interval, int | float) else 0.0


def _is_found(session: Mapping[str, Any]) -> bool:
    verdict = session.get("verdict")
    return isinstance(verdict, Mapping) and verdict.get("status") == "root_cause_identified"


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
