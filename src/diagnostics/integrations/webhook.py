"""A web hook of one's own, signed as the Standard Webhooks specification says (standardwebhooks.com)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

from diagnostics.errors import ConfigurationError
from diagnostics.integrations.calls import call
from diagnostics.integrations.message import Message, message_of
from diagnostics.model.alert import MonitoringAlert
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock

PREFIX = "whsec_"
LEAST_SECRET = 24
"""Bytes; the specification asks for 24 to 64."""


def body_of(told: Message, alert: MonitoringAlert) -> dict[str, object]:
    """Return what is sent (pure)."""
    return {
        "type": f"alert.{alert.change.value}",
        "timestamp": told.at,
        "data": {
            "key": told.key,
            "source": told.source,
            "component": told.component,
            "severity": told.severity.value.lower(),
            "state": told.word.lower(),
            "title": told.title,
            "message": told.text,
            "began": told.began,
            "resolved": not told.is_open,
            "details": dict(told.fields),
        },
    }


def signature(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the signature's header: ``v1,`` and the HMAC-SHA256 of ``id.timestamp.body`` in base64."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()


class WebhookChannel:
    """Sends JSON to one address; its receiver can tell that it is ours, fresh, and not a repetition.

    Args:
        url: Where to.
        secret: Shared with the receiver: ``whsec_`` and base64, or base64.
        source: What is watched.
        name: Unique among the channels.
        clock: Source of the signature's time.

    Raises:
        ConfigurationError: The secret is too short or no base64.
    """

    def __init__(
        self, url: str, secret: str, *, source: str = "backend", name: str = "webhook", clock: Clock = SYSTEM_CLOCK
    ) -> None:
        try:
            self._secret = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except ValueError:
            self._secret = b""
        if len(self._secret) < LEAST_SECRET:
            raise ConfigurationError(
                f"The secret of a web hook is base64 of at least {LEAST_SECRET} bytes.",
                hint="Make one with: python -c 'import base64, os; print(base64.b64encode(os.urandom(32)).decode())'",
            )
        self.name = name
        self._url = url
        self._source = source
        self._clock = clock

    def send(self, alert: MonitoringAlert, /) -> None:
        """Post one message.

        Raises:
            DeliveryError: It was not taken.
        """
        told = message_of(alert, self._source)
        body = json.dumps(body_of(told, alert), ensure_ascii=False).encode()
        at = int(self._clock.now().timestamp())
        call(
            "POST",
            self._url,
            content=body,
            headers={
                "content-type": "application/json",
                "webhook-id": told.event,
                "webhook-timestamp": str(at),
                "webhook-signature": signature(self._secret, told.event, at, body),
            },
        )
