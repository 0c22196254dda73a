"""Alert rules for Prometheus and a dashboard for Grafana, over what ``exposition`` tells (pure)."""

from __future__ import annotations

import json
from typing import Any

PREFIX = "Diagnose"

#: name, expression, for how long, severity, summary
_RULES: tuple[tuple[str, str, str, str, str], ...] = (
    (
        "CheckFailing",
        'diagnose_check_alerting{critical="true"} == 1',
        "0m",
        "critical",
        "{{ $labels.check }} fails on {{ $labels.instance }}",
    ),
    (
        "CheckDegraded",
        'diagnose_check_alerting{critical="false"} == 1',
        "0m",
        "warning",
        "{{ $labels.check }} fails on {{ $labels.instance }} (not critical)",
    ),
    (
        "CheckHasNoData",
        "time() - diagnose_check_last_look_timestamp_seconds > 900",
        "5m",
        "warning",
        "{{ $labels.check }} was not looked at for {{ $value | humanizeDuration }}",
    ),
    (
        "MonitorSilent",
        "time() - diagnose_heartbeat_timestamp_seconds > 120 or absent(diagnose_heartbeat_timestamp_seconds)",
        "2m",
        "critical",
        "The monitor is silent: nobody is watching",
    ),
    (
        "NotificationsFail",
        "increase(diagnose_notifications_failed_total[15m]) > 0",
        "0m",
        "warning",
        "Notices to {{ $labels.channel }} are given up",
    ),
    (
        "FunctionErrors",
        (
            "sum by (function, instance) (rate(diagnose_call_errors_total[5m])) "
            "/ sum by (function, instance) (rate(diagnose_call_duration_seconds_count[5m])) > 0.05 "
            "and sum by (function, instance) (increase(diagnose_call_errors_total[5m])) >= 10"
        ),
        "5m",
        "warning",
        "{{ $labels.function }} raises in {{ $value | humanizePercentage }} of its calls",
    ),
)


def prometheus_rules() -> str:
    """Return a file of alert rules; JSON, which is YAML, so that nothing has to be quoted by hand."""
    rules = [
        {
            "alert": f"{PREFIX}{name}",
            "expr": expression,
            "for": wait,
            # The monitor has counted already, so most rules wait for nothing; Alertmanager groups and repeats.
            "labels": {"severity": severity, "source": "diagnose"},
            "annotations": {"summary": summary},
        }
        for name, expression, wait, severity, summary in _RULES
    ]
    return json.dumps({"groups": [{"name": "diagnose", "rules": rules}]}, indent=2) + "\n"


def expressions() -> list[str]:
    """Return every query of the rules and of the dashboard."""
    panels = _panels()
    return [rule[1] for rule in _RULES] + [target["expr"] for panel in panels for target in panel["targets"]]


def grafana_dashboard() -> str:
    """Return a dashboard (schema version 39, Grafana 10 and later) as JSON, ready to be imported."""
    document = {
        "uid": "diagnose-overview",
        "title": "Diagnose",
        "tags": ["diagnose"],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "utc",
        "templating": {
            "list": [
                {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Data source"},
                {
                    "name": "instance",
                    "type": "query",
                    "datasource": _source(),
                    "query": {"query": "label_values(diagnose_uptime_seconds, instance)", "refId": "instance"},
                    "refresh": 2,
                    "includeAll": True,
                    "multi": True,
                    "label": "Instance",
                },
            ]
        },
        "annotations": {"list": []},
        "panels": _panels(),
    }
    return json.dumps(document, indent=2) + "\n"


def _source() -> dict[str, str]:
    return {"type": "prometheus", "uid": "${datasource}"}


def _panels() -> list[dict[str, Any]]:
    here = 'instance=~"$instance"'
    told = [
        ("stat", "Status", f"max by (status) (diagnose_health_status{{{here}}}) == 1", "{{status}}", "none", 6, 0, 0),
        ("stat", "Open alerts", f"sum by (severity) (diagnose_alerts_open{{{here}}})", "{{severity}}", "none", 9, 6, 0),
        ("stat", "Uptime", f"max(diagnose_uptime_seconds{{{here}}})", "", "s", 9, 15, 0),
        ("timeseries", "Failing checks", f"diagnose_check_alerting{{{here}}} == 1", "{{check}}", "none", 12, 0, 4),
        ("timeseries", "Duration of looks", f"diagnose_check_duration_seconds{{{here}}}", "{{check}}", "s", 12, 12, 4),
        ("timeseries", "Measured", f"diagnose_measured{{{here}}}", "{{check}} {{measure}}", "short", 24, 0, 12),
        (
            "timeseries", "Calls per second",
            f"sum by (function) (rate(diagnose_call_duration_seconds_count{{{here}}}[5m]))", "{{function}}", "reqps",
            8, 0, 20,
        ),
        (
            "timeseries", "Share of calls that raise",
            (f"sum by (function) (rate(diagnose_call_errors_total{{{here}}}[5m])) "
            f"/ sum by (function) (rate(diagnose_call_duration_seconds_count{{{here}}}[5m]))"),
            "{{function}}", "percentunit", 8, 8, 20,
        ),
        (
            "timeseries", "Duration of calls, 95th percentile",
            ("histogram_quantile(0.95, "
            f"sum by (le, function) (rate(diagnose_call_duration_seconds_bucket{{{here}}}[5m])))"),
            "{{function}}", "s", 8, 16, 20,
        ),
        (
            "timeseries", "Notices",
            f"sum by (channel) (increase(diagnose_notifications_failed_total{{{here}}}[1h]))", "given up: {{channel}}",
            "none", 24, 0, 28,
        ),
    ]  # fmt: skip
    return [
        {
            "id": number,
            "type": kind,
            "title": title,
            "datasource": _source(),
            "gridPos": {"h": 4 if kind == "stat" else 8, "w": width, "x": x, "y": y},
            "fieldConfig": {"defaults": {"unit": unit}, "overrides": []},
            "options": {"legend": {"displayMode": "list", "placement": "bottom"}} if kind == "timeseries" else {},
            "targets": [{"refId": "A", "datasource": _source(), "expr": query, "legendFormat": legend}],
        }
        for number, (kind, title, query, legend, unit, width, x, y) in enumerate(told, start=1)
    ]
