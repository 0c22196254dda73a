"""SIEM: alerts as ECS, CEF or OCSF, over syslog (RFC 5424) by UDP, TCP or TLS."""

from __future__ import annotations

import json
import os
import re
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

from diagnostics.errors import DeliveryError
from diagnostics.integrations.calls import SECONDS
from diagnostics.integrations.message import Message, message_of
from diagnostics.model.alert import AlertChange, AlertSeverity, MonitoringAlert
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock

ECS_VERSION = "8.11.0"
OCSF_VERSION = "1.3.0"
VENDOR, PRODUCT = "ultimate-diagnostics", "diagnose"
ENTERPRISE = 32473
"""The private enterprise number that RFC 5612 reserves for examples: we have none of our own."""

#: CEF 0 to 10; ECS takes the same number; syslog's severities are RFC 5424, table 2; OCSF's are its schema's.
_CEF = {AlertSeverity.CRITICAL: 9, AlertSeverity.WARNING: 6, AlertSeverity.INFO: 3}
_SYSLOG = {AlertSeverity.CRITICAL: 2, AlertSeverity.WARNING: 4, AlertSeverity.INFO: 6}
_OCSF = {
    AlertSeverity.CRITICAL: (5, "Critical"),
    AlertSeverity.WARNING: (3, "Medium"),
    AlertSeverity.INFO: (1, "Informational"),
}
_LOCAL0 = 16
MOST_UDP = 8_192
"""Bytes of a datagram; RFC 5426 asks receivers for 2,048 at least, and those in use take this."""

Format = Literal["ecs", "cef", "ocsf"]


def ecs(told: Message, alert: MonitoringAlert) -> str:
    """Return the alert as a document of the Elastic Common Schema, one line of JSON (pure)."""
    document = {
        "@timestamp": told.at,
        "ecs": {"version": ECS_VERSION},
        "message": told.text,
        "event": {
            "kind": "alert",
            "category": ["host"],
            "type": ["end" if not told.is_open else "start" if alert.change is AlertChange.FIRED else "change"],
            "action": f"alert-{alert.change.value}",
            "id": told.event,
            "severity": _CEF[told.severity],
            "start": told.began,
            **({"end": told.at} if not told.is_open else {}),
            "dataset": "diagnose.alert",
            "module": "diagnose",
        },
        "log": {"level": told.severity.value.lower(), "logger": "diagnose"},
        "service": {"name": told.source},
        "rule": {"id": told.key, "name": told.component},
        "labels": {_label(name): value for name, value in told.fields},
    }
    return json.dumps(document, ensure_ascii=False)


def cef(told: Message, alert: MonitoringAlert) -> str:
    """Return the alert in ArcSight's Common Event Format, version 0 (pure)."""
    head = "|".join(
        _cef_head(part)
        for part in (
            "CEF:0", VENDOR, PRODUCT, "1", f"alert-{alert.change.value}", f"{told.word}: {told.component}",
            str(0 if not told.is_open else _CEF[told.severity]),
        )
    )  # fmt: skip
    pairs = {
        "rt": str(round(datetime.fromisoformat(told.at).timestamp() * 1000)),
        "start": str(round(datetime.fromisoformat(told.began).timestamp() * 1000)),
        "externalId": told.event,
        "cat": "alert",
        "dvchost": told.source,
        "msg": told.text[:1023],
        "cs1Label": "incident",
        "cs1": told.key,
        "cs2Label": "component",
        "cs2": told.component,
    }
    return f"{head}|" + " ".join(f"{key}={_cef_value(value)}" for key, value in pairs.items())


def ocsf(told: Message, alert: MonitoringAlert) -> str:
    """Return the alert as an Incident Finding (class 2005) of the Open Cybersecurity Schema Framework (pure)."""
    severity_id, severity = _OCSF[told.severity]
    activity_id, activity = (
        (3, "Close") if not told.is_open else (1, "Create") if alert.change is AlertChange.FIRED else (2, "Update")
    )
    at, began = (round(datetime.fromisoformat(text).timestamp() * 1000) for text in (told.at, told.began))
    document = {
        "metadata": {
            "version": OCSF_VERSION,
            "uid": told.event,
            "product": {"name": PRODUCT, "vendor_name": VENDOR},
        },
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2005,
        "class_name": "Incident Finding",
        "activity_id": activity_id,
        "activity_name": activity,
        "type_uid": 2005 * 100 + activity_id,
        "type_name": f"Incident Finding: {activity}",
        "time": at,
        "start_time": began,
        **({"end_time": at} if not told.is_open else {}),
        "severity_id": severity_id,
        "severity": severity,
        "status_id": 4 if not told.is_open else 1,
        "status": "Resolved" if not told.is_open else "New",
        "message": told.text,
        "finding_info_list": [
            {
                "uid": told.key,
                "title": told.title,
                "desc": told.text,
                "first_seen_time": began,
                "types": ["Availability"],
            }
        ],
        "unmapped": {_label(name): value for name, value in told.fields},
    }
    return json.dumps(document, ensure_ascii=False)


FORMATS: dict[Format, Callable[[Message, MonitoringAlert], str]] = {"ecs": ecs, "cef": cef, "ocsf": ocsf}


def syslog(told: Message, payload: str, *, host: str, at: datetime, process: int) -> bytes:
    """Return a syslog message (RFC 5424), with what identifies the alert as structured data (pure)."""
    severity = _SYSLOG[told.severity] if told.is_open else _SYSLOG[AlertSeverity.INFO]
    priority = _LOCAL0 * 8 + severity
    data = " ".join(
        f'{name}="{_structured(value)}"'
        for name, value in (("key", told.key), ("event", told.event), ("component", told.component))
    )
    stamp = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    name = re.sub(r"[^!-~]", "-", host)[:255] or "-"
    head = f"<{priority}>1 {stamp} {name} diagnose {process} alert [diagnose@{ENTERPRISE} {data}] "
    return head.encode() + b"\xef\xbb\xbf" + " ".join(payload.splitlines()).encode()


class SyslogChannel:
    """Sends to one collector.

    Args:
        host: Of the collector.
        port: Of the collector; by convention 514 for UDP and TCP, 6514 for TLS.
        transport: ``tls`` and ``tcp`` frame by counting octets (RFC 6587, 5425), ``udp`` sends a datagram.
        form: What the message holds.
        source: What is watched.
        name: Unique among the channels.
        context: TLS settings; the system's trust when not given.
        clock: Source of the stamp.
    """

    def __init__(
        self,
        host: str,
        port: int = 6514,
        *,
        transport: Literal["udp", "tcp", "tls"] = "tls",
        form: Format = "ecs",
        source: str = "backend",
        name: str = "syslog",
        context: ssl.SSLContext | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        if form not in FORMATS or transport not in ("udp", "tcp", "tls"):
            raise ValueError(f"form is one of {', '.join(FORMATS)}; transport is udp, tcp or tls.")
        self.name = name
        self._place = (host, port)
        self._transport = transport
        self._form: Format = form
        self._source = source
        self._context = context
        self._clock = clock

    def send(self, alert: MonitoringAlert, /) -> None:
        """Send one message; TCP and TLS tell when the line is broken, UDP never does.

        Raises:
            DeliveryError: The collector cannot be reached.
        """
        told = message_of(alert, self._source)
        payload = FORMATS[self._form](told, alert)
        line = syslog(told, payload, host=socket.gethostname(), at=self._clock.now(), process=os.getpid())
        try:
            if self._transport == "udp":
                family, kind, protocol, _, address = socket.getaddrinfo(*self._place, type=socket.SOCK_DGRAM)[0]
                with socket.socket(family, kind, protocol) as sender:
                    sender.sendto(line[:MOST_UDP], address)
                return
            with socket.create_connection(self._place, timeout=SECONDS) as plain:
                if self._transport == "tls":
                    context = self._context or ssl.create_default_context()
                    with context.wrap_socket(plain, server_hostname=self._place[0]) as secured:
                        _deliver(secured, line)
                else:
                    _deliver(plain, line)
        except OSError as error:
            raise DeliveryError(f"{self._place[0]}: {type(error).__name__}: {error}") from error


def _deliver(line: socket.socket, message: bytes) -> None:
    line.sendall(b"%d %s" % (len(message), message))
    if not isinstance(line, ssl.SSLSocket):
        # The collector closes when it has read all; a line that was broken before raises here instead of later.
        line.shutdown(socket.SHUT_WR)
        line.settimeout(1.0)
        try:
            line.recv(1)
        except TimeoutError:
            pass


def _label(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "value"


def _cef_head(text: str) -> str:
    return " ".join(text.replace("\\", "\\\\").replace("|", "\\|").splitlines())


def _cef_value(text: str) -> str:
    return text.replace("\\", "\\\\").replace("=", "\\=").replace("\r", "\\r").replace("\n", "\\n")


def _structured(text: str) -> str:
    """Return a value of structured data: RFC 5424, 6.3.3 escapes these three."""
    return " ".join(re.sub(r'(["\\\]])', r"\\\1", text).splitlines())
