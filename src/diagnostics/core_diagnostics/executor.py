"""A thread pool whose work belongs to whoever submitted it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from diagnostics.core_diagnostics.correlation import carry

P = ParamSpec("P")
R = TypeVar("R")


class ContextThreadPoolExecutor(ThreadPoolExecutor):
    """A ``ThreadPoolExecutor`` that carries the correlation id (and every other context variable) along."""

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Schedule the call in a copy of the context of here and now."""
        return super().submit(carry(fn), *args, **kwargs)
