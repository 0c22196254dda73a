"""gunicorn: import these names in the configuration file, and workers tell how they live and where they hang.

``from diagnostics.integrations.instruments.gunicorn import post_fork, worker_abort, worker_int, worker_exit``

Nothing has to be done about forks: the instrumentation begins anew in each worker by itself. uvicorn needs no hook: its
processes are spawned, and end in order.
"""

from __future__ import annotations

import sys
import threading
from typing import Any

from diagnostics.core_diagnostics import writer
from diagnostics.core_diagnostics.logger import DiagnosticLogger, default_logger
from diagnostics.integrations.instruments.events import emit
from diagnostics.integrations.instruments.places import line_of

#: Whose events they are; set it in the configuration file.
logger: DiagnosticLogger | None = None


def _tell(event: str, level: str, message: str, fields: dict[str, Any]) -> None:
    emit(logger or default_logger(), event, "gunicorn", level=level, message=message, fields=fields)


def post_fork(server: Any, worker: Any) -> None:
    """Tell that a worker began."""
    _tell("worker.began", "INFO", f"worker {worker.pid} began", {"worker": worker.pid, "age": worker.age})


def worker_abort(worker: Any) -> None:
    """Tell where every thread of a worker stands that the master is about to kill (it missed its timeout)."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    places = {
        names.get(ident, str(ident)): line_of(frame)
        for ident, frame in sys._current_frames().items()  # noqa: SLF001 - the documented way to the frames of all threads
        if not names.get(ident, "").startswith("diagnostics-")
    }
    message = f"worker {worker.pid} missed its timeout: {places.get('MainThread', '')}"
    _tell("worker.timeout", "CRITICAL", message, {"worker": worker.pid, "threads": places})
    writer.pump(1.0)  # there is no later: the process is killed next


def worker_int(worker: Any) -> None:
    """Tell that a worker was interrupted."""
    _tell("worker.interrupted", "WARNING", f"worker {worker.pid} was interrupted", {"worker": worker.pid})


def worker_exit(server: Any, worker: Any) -> None:
    """Tell that a worker ended, and write what waits."""
    _tell("worker.ended", "INFO", f"worker {worker.pid} ended", {"worker": worker.pid})
    writer.pump(2.0)
