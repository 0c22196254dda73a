"""Every statement is compiled before it runs: the thresholds of JIT were set to nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab
from lab.means import CannotInject

_SETTINGS = {
    "jit": "on",
    "jit_above_cost": "0",
    "jit_inline_above_cost": "0",
    "jit_optimize_above_cost": "0",
}


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    ((available,),) = lab.stack.execute("SELECT pg_jit_available()")
    if not available:
        raise CannotInject("this PostgreSQL was built without LLVM")
    for name, value in _SETTINGS.items():
        lab.stack.execute(f"ALTER DATABASE {lab.stack.database} SET {name} = {value}")
    lab.stack.restart_app()
    yield
