"""Code and database have different types for a column."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    if lab.random.random() < 0.5:
        lab.stack.deploy("unguessable_meetings")
    else:
        _number_the_states(lab)
    yield


def _number_the_states(lab: Lab) -> None:
    """Do what somebody did by hand so that reports run faster."""
    number = "CASE status WHEN 'scheduled' THEN 1 WHEN 'done' THEN 2 ELSE 3 END"
    lab.stack.execute("ALTER TABLE meetings ALTER COLUMN status DROP DEFAULT", superuser=False)
    lab.stack.execute(f"ALTER TABLE meetings ALTER COLUMN status TYPE integer USING {number}", superuser=False)
