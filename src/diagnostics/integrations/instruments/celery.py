"""Celery: tasks go on with the work of whoever sent them; each is an event with its wait in the queue."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from diagnostics.core_diagnostics import writer
from diagnostics.core_diagnostics.correlation import (
    Binding,
    bind_traceparent,
    current_correlation_id,
    current_traceparent,
)
from diagnostics.core_diagnostics.logger import DiagnosticLogger
from diagnostics.errors import MissingExtraError
from diagnostics.integrations.instruments.events import emit
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock

_SENT = "diagnostics_sent_at"
_ID = "diagnostics_correlation_id"


class CeleryWatch:
    """Connected to Celery's signals, in the process that sends tasks as well as in workers.

    Args:
        logger: Who logs.
        clock: For the moment a task was sent; sender and worker may be different machines.

    Raises:
        MissingExtraError: Celery is not installed.
    """

    def __init__(self, logger: DiagnosticLogger, clock: Clock = SYSTEM_CLOCK) -> None:
        try:
            from celery import signals
        except ImportError as error:
            raise MissingExtraError("celery", needed_for="Watching tasks of Celery") from error
        self.logger = logger
        self.clock = clock
        self._running: dict[str, tuple[Binding, float, float | None]] = {}
        self._connected = [
            (signals.before_task_publish, self._publish),
            (signals.task_prerun, self._begin),
            (signals.task_postrun, self._end),
            (signals.worker_process_shutdown, self._shutdown),
        ]
        for signal, receiver in self._connected:
            signal.connect(receiver, weak=False)

    def _publish(self, headers: dict[str, Any] | None = None, **_: Any) -> None:
        if headers is None:
            return
        header, correlation_id = current_traceparent(), current_correlation_id()
        if header is not None:
            headers.setdefault("traceparent", header)
            headers.setdefault(_ID, correlation_id)
        headers.setdefault(_SENT, self.clock.now().timestamp())

    def _begin(self, task_id: str, task: Any, **_: Any) -> None:
        request = task.request
        given = {
            **(getattr(request, "headers", None) or {}),
            **{name: request.get(name) for name in (_SENT, _ID, "traceparent")},
        }
        binding = bind_traceparent(
            given.get("traceparent"), correlation_id=given.get(_ID) or task_id, sampling=self.logger.sampling
        )
        sent = given.get(_SENT)
        waited = None if sent is None or request.eta else max(self.clock.now().timestamp() - float(sent), 0.0)
        self._running[task_id] = (binding, perf_counter(), waited)

    def _end(self, task_id: str, task: Any, state: str | None = None, retval: Any = None, **_: Any) -> None:
        binding, began, waited = self._running.pop(task_id, (None, None, None))
        if binding is None or began is None:
            return
        failed = state == "FAILURE"
        emit(
            self.logger,
            "task",
            task.name,
            seconds=perf_counter() - began,
            level="ERROR" if failed else "INFO",
            error=retval if failed and isinstance(retval, BaseException) else None,
            fields={"state": state, "queue_wait_seconds": waited, "retries": task.request.retries, "task_id": task_id},
        )
        binding.release()

    def _shutdown(self, **_: Any) -> None:
        writer.pump(2.0)  # children of the pool leave without atexit

    def close(self) -> None:
        """Disconnect."""
        for signal, receiver in self._connected:
            signal.disconnect(receiver)
