"""Webhooks are signed with another secret than we verify them with."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab
from lab.means import Caller

#: The variable with the secret, the path, the header with the signature and its form, an event.
_WHERE = {
    "meeting_scheduler": (
        "WEBHOOK_SECRET",
        "/webhooks/calendar",
        "X-Signature",
        "{}",
        {"event": "accepted", "guest": "guest7@example.org"},
    ),
    "parcels": (
        "CARRIER_WEBHOOK_SECRET",
        "/webhooks/carrier",
        "X-Carrier-Signature",
        "sha256={}",
        {"event_id": "evt_again", "reference": "S000000007", "kind": "in_transit"},
    ),
}


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    variable, path, header, form, event = _WHERE[lab.stack.name]
    body, secret = json.dumps(event).encode(), "whsec_the-live-endpoint"
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {header: form.format(signature), "Content-Type": "application/json"}
    url = f"{lab.stack.base_url}{path}"
    lab.stack.restart_app(env={variable: secret})
    with Caller(lambda: urllib.request.Request(url, body, headers, method="POST")):
        time.sleep(4)
        lab.stack.restart_app(env={variable: "whsec_the-test-endpoint"})
        yield
