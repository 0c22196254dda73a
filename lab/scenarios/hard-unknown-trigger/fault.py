"""A trigger of the accountants refuses what they have closed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    lab.stack.execute(
        "CREATE FUNCTION closed() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'the books of this quarter are closed'; END $$"
    )
    lab.stack.execute("CREATE TRIGGER closed BEFORE INSERT ON meetings FOR EACH ROW EXECUTE FUNCTION closed()")
    yield
