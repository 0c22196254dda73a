"""An administrator created a table anew, as himself: it, or its sequence, is not the application's any more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    if lab.random.random() < 0.5:
        lab.stack.execute("ALTER TABLE reminders OWNER TO postgres")
    else:
        lab.stack.execute("ALTER SEQUENCE reminders_id_seq OWNED BY NONE")
        lab.stack.execute("ALTER SEQUENCE reminders_id_seq OWNER TO postgres")
    yield
