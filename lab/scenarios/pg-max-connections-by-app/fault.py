"""All slots of the server are taken by the application's role: too many instances, too large pools."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    url = lab.stack.database_url.replace("+psycopg", "")
    with contextlib.ExitStack() as held:
        # The other instances come first, then ours restarts and finds no slot.
        lab.stack.stop_app()
        with contextlib.suppress(psycopg.OperationalError):
            while True:
                held.enter_context(psycopg.connect(url, application_name="meeting-scheduler"))
        lab.stack.start_app(wait=False)
        yield
