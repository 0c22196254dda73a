"""A limit in a configuration file was changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab
from lab.means import long_ago


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    long_ago(lab.stack)
    limits = lab.stack.package / "limits.toml"
    name, value = lab.random.choice(
        (("longest_minutes = 480", "longest_minutes = 8"), ("days_ahead = 800", "days_ahead = 8"))
    )
    limits.write_text(limits.read_text().replace(name, value))
    lab.stack.restart_app()
    yield
