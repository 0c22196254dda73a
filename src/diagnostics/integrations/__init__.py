"""Receivers of alerts and exporters of what is known; each is loaded when it is used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diagnostics.integrations.configuration import channels_from
    from diagnostics.integrations.email import EmailChannel
    from diagnostics.integrations.jira import JiraChannel
    from diagnostics.integrations.opentelemetry import observe_monitor
    from diagnostics.integrations.pagerduty import PagerDutyChannel
    from diagnostics.integrations.prometheus import exposition, metrics_endpoint
    from diagnostics.integrations.routing import Routed
    from diagnostics.integrations.rules import grafana_dashboard, prometheus_rules
    from diagnostics.integrations.servicenow import ServiceNowChannel
    from diagnostics.integrations.siem import SyslogChannel
    from diagnostics.integrations.slack import SlackChannel
    from diagnostics.integrations.telegram import TelegramChannel
    from diagnostics.integrations.webhook import WebhookChannel

_HERE = "diagnostics.integrations"
_HOME = {
    "EmailChannel": "email",
    "JiraChannel": "jira",
    "PagerDutyChannel": "pagerduty",
    "Routed": "routing",
    "ServiceNowChannel": "servicenow",
    "SlackChannel": "slack",
    "SyslogChannel": "siem",
    "TelegramChannel": "telegram",
    "WebhookChannel": "webhook",
    "channels_from": "configuration",
    "exposition": "prometheus",
    "grafana_dashboard": "rules",
    "metrics_endpoint": "prometheus",
    "observe_monitor": "opentelemetry",
    "prometheus_rules": "rules",
}

__all__ = [
    "EmailChannel",
    "JiraChannel",
    "PagerDutyChannel",
    "Routed",
    "ServiceNowChannel",
    "SlackChannel",
    "SyslogChannel",
    "TelegramChannel",
    "WebhookChannel",
    "channels_from",
    "exposition",
    "grafana_dashboard",
    "metrics_endpoint",
    "observe_monitor",
    "prometheus_rules",
]


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{_HERE}.{home}"), name)
    globals()[name] = value
    return value
