"""A history by its address: a file, or the URL of a database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from diagnostics.post_solution_monitoring.history import History


def open_history(where: str | Path, **bounds: Any) -> History:
    """Return the history at an address: ``postgresql://…`` is PostgreSQL, all else a SQLite file (``sqlite:///…`` too).

    Args:
        where: The address.
        bounds: ``retention_days``, ``results_per_check``, ``max_alerts``, ``clock``.

    Raises:
        DiagnosticsError: It cannot be opened, or a newer release wrote it.
    """
    text = str(where)
    if text.startswith(("postgresql://", "postgres://", "postgresql+")):
        from diagnostics.post_solution_monitoring.history_postgres import PostgresHistory

        return PostgresHistory(text, **bounds)
    from diagnostics.post_solution_monitoring.history_sqlite import SqliteHistory

    return SqliteHistory(text.removeprefix("sqlite:///"), **bounds)
