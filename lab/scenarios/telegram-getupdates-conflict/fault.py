"""Two processes poll with one bot token."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab
from lab.means import Caller, Front, Poller


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    with Front(lab.stack.environment["TELEGRAM_URL"], Poller()) as front:
        lab.stack.restart_app(env={"TELEGRAM_URL": front.url}, release="bot_updates")
        poll = f"{front.url}/bot{lab.stack.environment['TELEGRAM_TOKEN']}/getUpdates"
        with Caller(lambda: urllib.request.Request(poll, b"{}", method="POST")):
            yield
