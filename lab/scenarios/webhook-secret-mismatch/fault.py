"""Webhooks are signed with another secret than we verify them with."""

from __future__ import annotations

import hashlib
import hmac
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab
from lab.means import Caller


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    body, secret = b'{"event": "accepted", "guest": "guest7@example.org"}', "whsec_the-live-endpoint"
    headers = {"X-Signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}
    url = f"{lab.stack.base_url}/webhooks/calendar"
    lab.stack.restart_app(env={"WEBHOOK_SECRET": secret})
    with Caller(lambda: urllib.request.Request(url, body, headers, method="POST")):
        time.sleep(4)
        lab.stack.restart_app(env={"WEBHOOK_SECRET": "whsec_the-test-endpoint"})
        yield
