"""Standard logging, both ways: its records become events; its lines get our correlation id.

The other way, events as records of a standard logger, is ``core_diagnostics.LoggingSink``.
"""

from __future__ import annotations

import logging
from typing import Any

from diagnostics.core_diagnostics.correlation import CURRENT, correlation_id_of, trace_of
from diagnostics.core_diagnostics.logger import DiagnosticLogger

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class DiagnosticHandler(logging.Handler):
    """Makes an event of every record: message, level, what was given as ``extra``, and the exception.

    Args:
        logger: Whose events they become.
        level: Least level of records.
    """

    def __init__(self, logger: DiagnosticLogger, level: int | str = logging.NOTSET) -> None:
        super().__init__(level)
        self.logger = logger

    def emit(self, record: logging.LogRecord) -> None:
        """Make the event; what our own sink made of an event stays a record."""
        if getattr(record, "from_diagnostics", False) or record.name == "diagnostics":
            return
        try:
            fields: dict[str, Any] = {key: value for key, value in vars(record).items() if key not in _STANDARD}
            fields.update(record_logger=record.name, file=record.pathname, line=record.lineno)
            error = record.exc_info[1] if record.exc_info else None
            self.logger.log(record.levelno, "%s", record.getMessage(), error=error, **{**fields, "args": None})
        except Exception:  # noqa: BLE001 - as every handler of the standard library
            self.handleError(record)


class CorrelationFilter(logging.Filter):
    """Gives every record ``correlation_id``, ``trace_id`` and ``span_id`` for formats such as ``%(correlation_id)s``."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let the record pass, with the ids of the work that is going on; ``-`` outside any."""
        who = CURRENT.get()
        trace = trace_of(who)
        record.correlation_id = correlation_id_of(who) or "-"
        record.trace_id = trace.trace_id if trace else "-"
        record.span_id = trace.span_id if trace else "-"
        return True
