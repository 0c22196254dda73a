"""asyncio: how late the loop is, how many tasks wait, and the very line that blocks it."""

from __future__ import annotations

import asyncio
import sys
import threading
from time import perf_counter
from typing import Any

from diagnostics.core_diagnostics.logger import DiagnosticLogger
from diagnostics.integrations.instruments.events import emit
from diagnostics.integrations.instruments.places import line_of


class LoopWatch:
    """Watches one running loop: a call of the loop's own says it is alive, a thread beside it looks when it is not.

    Events: ``loop.lag`` now and then with the number of pending tasks; ``loop.blocked`` as a warning with the line that
    blocks, told while it blocks, once for each block.

    Args:
        loop: The loop; its thread is the one that runs it.
        logger: Who logs.
        every_seconds: How often the loop is asked.
        blocked_seconds: A loop that does not answer for so long is blocked; a tenth of a second is what people notice.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        logger: DiagnosticLogger,
        *,
        every_seconds: float = 0.25,
        blocked_seconds: float = 0.1,
    ) -> None:
        self.loop = loop
        self.logger = logger
        self.every_seconds = every_seconds
        self.blocked_seconds = blocked_seconds
        self.lag_seconds = 0.0
        self.longest_lag_seconds = 0.0
        self.pending_tasks = 0
        #: The line that blocked the loop last.
        self.blocking_line = ""
        self._thread_id = 0
        self._asked = 0.0
        self._answered = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="diagnostics-loop", daemon=True)
        self._thread.start()

    def _answer(self) -> None:
        self._thread_id = threading.get_ident()
        self.lag_seconds = perf_counter() - self._asked
        self.longest_lag_seconds = max(self.longest_lag_seconds, self.lag_seconds)
        try:
            self.pending_tasks = len(asyncio.all_tasks(self.loop))
        except RuntimeError:
            pass  # the set changed while it was counted: the number of before will do
        self._answered.set()

    def _watch(self) -> None:
        told = 0.0
        while not self._stop.is_set():
            self._answered.clear()
            self._asked = perf_counter()
            try:
                self.loop.call_soon_threadsafe(self._answer)
            except RuntimeError:
                return  # the loop is closed
            if not self._answered.wait(self.blocked_seconds):
                self._blocked()
                while not self._answered.wait(1.0):
                    if self._stop.is_set() or self.loop.is_closed():
                        return
            if self._asked - told >= 10 or self.lag_seconds > self.blocked_seconds:
                told = self._asked
                fields = {"pending_tasks": self.pending_tasks}
                emit(self.logger, "loop.lag", "asyncio", seconds=self.lag_seconds, fields=fields)
            self._stop.wait(self.every_seconds)

    def _blocked(self) -> None:
        frame = sys._current_frames().get(self._thread_id)  # noqa: SLF001 - the documented way to another thread's frames
        if frame is None or not self.loop.is_running():
            return
        self.blocking_line = line_of(frame)
        message = f"the event loop does not answer for {self.blocked_seconds:g} s: {self.blocking_line}"
        fields: dict[str, Any] = {"line": self.blocking_line, "innermost": line_of(frame, frames=1)}
        emit(self.logger, "loop.blocked", "asyncio", level="WARNING", message=message, fields=fields)

    def close(self) -> None:
        """Stop watching."""
        self._stop.set()


def watch_loop(logger: DiagnosticLogger, **options: float) -> LoopWatch:
    """Watch the running loop; call it from a coroutine."""
    watch = LoopWatch(asyncio.get_running_loop(), logger, **options)
    watch._thread_id = threading.get_ident()  # noqa: SLF001 - ours
    return watch
