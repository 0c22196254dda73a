"""Sentry: its events get our correlation id as a tag and the last events of the same work as breadcrumbs.

Errors pass instrumented functions unchanged, so Sentry groups them as it would without us.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from diagnostics.core_diagnostics import writer
from diagnostics.core_diagnostics.correlation import current_correlation_id
from diagnostics.core_diagnostics.logger import flight_recorder
from diagnostics.core_diagnostics.recorder import FlightRecorder
from diagnostics.errors import MissingExtraError

BREADCRUMBS = 20


def install(recorder: FlightRecorder = flight_recorder) -> None:
    """Add the tag and the breadcrumbs to every event of this process.

    Raises:
        MissingExtraError: sentry-sdk is not installed.
    """
    try:
        from sentry_sdk.scope import add_global_event_processor
    except ImportError as error:
        raise MissingExtraError("sentry", needed_for="Breadcrumbs for Sentry") from error
    add_global_event_processor(lambda event, hint: enrich(event, recorder))


def enrich(event: Any, recorder: FlightRecorder) -> Any:
    """Return the event with tag and breadcrumbs; as it was when there is nothing to add."""
    try:
        correlation_id = current_correlation_id()
        if correlation_id is None or event.get("type") == "transaction":
            return event
        event.setdefault("tags", {})["correlation_id"] = correlation_id
        mine = [one for one in recorder.recent(600) if one["correlation_id"] == correlation_id][-BREADCRUMBS:]
        crumbs = [
            {
                "type": "default",
                "category": f"diagnostics.{one['event']}",
                "level": one["level"].lower().replace("critical", "fatal"),
                "message": one.get("message") or one.get("name", ""),
                "timestamp": datetime.fromisoformat(one["timestamp"]),
                "data": {key: one[key] for key in ("name", "duration_seconds", "outcome") if key in one},
            }
            for one in mine
        ]
        there = event.setdefault("breadcrumbs", {"values": []})
        values = there["values"] if isinstance(there, dict) else there
        values.extend(crumbs)
        values.sort(key=lambda crumb: str(crumb.get("timestamp", "")).replace("T", " "))
    except Exception as error:  # noqa: BLE001 - an event without our breadcrumbs is better than none
        writer.complain("diagnostics_breadcrumbs_lost", f"{type(error).__name__}: {error}")
    return event
