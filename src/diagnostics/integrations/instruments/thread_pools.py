"""Thread pools: how long work waits for a thread, how long it takes, and whose work it is."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from time import perf_counter
from typing import Any, ParamSpec, TypeVar

from diagnostics.core_diagnostics.executor import ContextThreadPoolExecutor
from diagnostics.core_diagnostics.logger import DiagnosticLogger
from diagnostics.integrations.instruments.events import emit

P = ParamSpec("P")
R = TypeVar("R")


class WatchedThreadPoolExecutor(ContextThreadPoolExecutor):
    """A ``ThreadPoolExecutor`` that tells the wait (``pool.wait``) and the work (``pool.work``) of what is submitted.

    Args:
        logger: Who logs.
        name: Of the pool.
        options: Those of ``ThreadPoolExecutor``.
    """

    def __init__(self, logger: DiagnosticLogger, name: str = "threads", **options: Any) -> None:
        super().__init__(thread_name_prefix=options.pop("thread_name_prefix", name), **options)
        self.logger = logger
        self.name = name

    @property
    def waiting(self) -> int:
        """How many submissions wait for a thread."""
        return self._work_queue.qsize()

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Schedule the call in a copy of the context of here and now."""
        submitted = perf_counter()

        def watched(*args: P.args, **kwargs: P.kwargs) -> R:
            began = perf_counter()
            fields = {"waiting": self.waiting, "threads": len(self._threads), "most": self._max_workers}
            emit(self.logger, "pool.wait", self.name, seconds=began - submitted, fields=fields)
            failure: BaseException | None = None
            try:
                return fn(*args, **kwargs)
            except BaseException as error:
                failure = error
                raise
            finally:
                level = "ERROR" if isinstance(failure, Exception) else "INFO"
                seconds = perf_counter() - began
                emit(self.logger, "pool.work", self.name, seconds=seconds, error=failure, level=level)

        return super().submit(watched, *args, **kwargs)
