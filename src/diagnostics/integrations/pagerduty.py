"""PagerDuty, Events API v2: an alert triggers an incident, its recovery resolves the same one."""

from __future__ import annotations

from typing import Any

from diagnostics.integrations.calls import call
from diagnostics.integrations.message import Message, message_of
from diagnostics.model.alert import AlertSeverity, MonitoringAlert

_SEVERITY = {AlertSeverity.CRITICAL: "critical", AlertSeverity.WARNING: "warning", AlertSeverity.INFO: "info"}
MOST_SUMMARY = 1024


def event_of(told: Message, routing_key: str) -> dict[str, Any]:
    """Return the event (pure); https://developer.pagerduty.com/docs/events-api-v2/trigger-events/."""
    event: dict[str, Any] = {
        "routing_key": routing_key,
        "event_action": "trigger" if told.is_open else "resolve",
        "dedup_key": told.key,
    }
    if told.is_open:
        event["client"] = "diagnose"
        event["payload"] = {
            "summary": f"{told.title}: {told.text}"[:MOST_SUMMARY],
            "source": told.source,
            "severity": _SEVERITY[told.severity],
            "timestamp": told.began,
            "component": told.component,
            "class": told.word.lower(),
            "custom_details": dict(told.fields),
        }
    return event


class PagerDutyChannel:
    """Sends to one service of PagerDuty.

    Args:
        routing_key: Integration key of the service.
        source: What is watched.
        name: Unique among the channels.
        base_url: Other than PagerDuty's, such as the one of its European region.
    """

    def __init__(
        self,
        routing_key: str,
        *,
        source: str = "backend",
        name: str = "pagerduty",
        base_url: str = "https://events.pagerduty.com",
    ) -> None:
        self.name = name
        self._url = f"{base_url.rstrip('/')}/v2/enqueue"
        self._routing_key = routing_key
        self._source = source

    def send(self, alert: MonitoringAlert, /) -> None:
        """Trigger or resolve.

        Raises:
            DeliveryError: It was not taken.
        """
        call("POST", self._url, json=event_of(message_of(alert, self._source), self._routing_key))
