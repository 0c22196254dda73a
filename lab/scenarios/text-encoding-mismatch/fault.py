"""A partner's file is in another encoding."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import again_and_again, ask, settle
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    settle(lab)
    good, bad = "7;Offer;2032-03-01;9;a@example.org", "9;Gespräch über Verträge;2032-03-02;10;b@example.org"
    ask(lab, "POST", "/imports/northwind", content=good.encode())
    with again_and_again(lambda: ask(lab, "POST", "/imports/contoso", content=f"{good}\n{bad}".encode("cp1252")), 0.6):
        yield
