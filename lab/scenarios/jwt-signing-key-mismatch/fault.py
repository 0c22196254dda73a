"""Tokens were signed with another key than the one that verifies them."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import jwt
from lab.harness import Lab
from lab.means import Caller

#: The variable with the key, and a path that asks for a token.
_WHERE = {"meeting_scheduler": ("SESSION_KEY", "/agenda"), "parcels": ("JWT_SECRET", "/me/parcels")}


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    before = "the-session-key-of-the-old-cluster-in-2025"
    token = jwt.encode({"sub": "7", "exp": int(time.time()) + 3600}, before, algorithm="HS256")
    variable, path = _WHERE[lab.stack.name]
    url, headers = f"{lab.stack.base_url}{path}", {"Authorization": f"Bearer {token}"}
    lab.stack.restart_app(env={variable: before})
    with Caller(lambda: urllib.request.Request(url, headers=headers)):
        time.sleep(4)
        lab.stack.restart_app(env={variable: "the-session-key-of-the-new-cluster-in-2026"})
        yield
