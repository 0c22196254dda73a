"""What a session tells the monitor: marks for the charts, and silence while a change is made."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from diagnostics.errors import DiagnosticsError
from diagnostics.model.event import Event, EventKind

if TYPE_CHECKING:
    from diagnostics.post_solution_monitoring.history import History
    from diagnostics.post_solution_monitoring.monitor import PostSolutionMonitor

_log = logging.getLogger(__name__)

HISTORY_FILE = "history.db"
_KINDS = {
    "SUCCESS": EventKind.FIX,
    "UNCONFIRMED": EventKind.FIX,
    "ROLLED_BACK": EventKind.ROLLBACK,
    "ROLLBACK_BLOCKED": EventKind.ROLLBACK,
}


@contextmanager
def silence(monitor: PostSolutionMonitor | None, reason: str, seconds: float | None = None) -> Iterator[None]:
    """Keep a maintenance window open while the block runs: from the change to the end of its verification."""
    if monitor is None:
        yield
        return
    with monitor.maintenance(reason, seconds):
        yield


def kind_of(status: str) -> EventKind | None:
    """Return what the end of a change is on a chart; None when nothing was changed.

    Example:
        >>> kind_of("SUCCESS").value, kind_of("ROLLED_BACK").value, kind_of("BLOCKED")
        ('fix', 'rollback', None)
    """
    return _KINDS.get(status)


def mark(history: History | None, kind: EventKind | None, title: str, *, subject: str, at: datetime) -> None:
    """Keep what happened; a history that cannot be written takes nothing from the session."""
    if history is None or kind is None:
        return
    try:
        history.add_event(Event(at=at, kind=kind, title=title, subject=subject))
    except DiagnosticsError:
        _log.warning("history.event_lost", exc_info=True)


def mark_beside(store: Path, kind: EventKind | None, title: str, *, subject: str, at: datetime) -> None:
    """Keep what happened in the history beside the sessions, where a monitor or ``diagnose serve`` has made one."""
    path = store.with_name(HISTORY_FILE)
    if kind is None or not path.is_file():
        return
    from diagnostics.post_solution_monitoring import SqliteHistory

    try:
        history = SqliteHistory(path)
    except DiagnosticsError:
        _log.warning("history.event_lost", exc_info=True)
        return
    try:
        mark(history, kind, title, subject=subject, at=at)
    finally:
        history.close()
