"""A scanner is loud, but the calendar fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import again_and_again, ask, service_does
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    with (
        again_and_again(lambda: ask(lab, "GET", "/wp-login.php"), 0.05),
        service_does(lab, lab.stack.roles.remote, status=503),
    ):
        yield
