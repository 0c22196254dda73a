"""All slots of the server are taken by the application's role: too many instances, too large pools."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    url = lab.stack.database_url.replace("+psycopg", "")
    ((name,),) = lab.stack.execute(
        f"SELECT application_name FROM pg_stat_activity WHERE usename = '{urlsplit(url).username}'"
        " GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
    )
    with contextlib.ExitStack() as held:
        # The other instances come first, then ours restarts and finds no slot.
        lab.stack.stop_app()
        with contextlib.suppress(psycopg.OperationalError):
            while True:
                held.enter_context(psycopg.connect(url, application_name=name))
        lab.stack.start_app(wait=False)
        yield
