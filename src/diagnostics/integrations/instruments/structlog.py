"""Processors for structlog; structlog itself is not imported."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from diagnostics.core_diagnostics.correlation import CURRENT, correlation_id_of, trace_of
from diagnostics.core_diagnostics.logger import LEVELS, DiagnosticLogger
from diagnostics.integrations.instruments.events import emit
from diagnostics.runtime.redaction import redact_mapping


def add_correlation(_: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add ``correlation_id``, and the trace where one is known, to an event of structlog."""
    who = CURRENT.get()
    if who is not None:
        event.setdefault("correlation_id", correlation_id_of(who))
        trace = trace_of(who)
        if trace is not None:
            event.setdefault("trace_id", trace.trace_id)
            event.setdefault("span_id", trace.span_id)
    return event


def hide_secrets(_: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take secrets and personal data out of an event of structlog."""
    return redact_mapping(event)


class DiagnosticProcessor:
    """Hands every event of structlog to a logger as well, and on to the next processor unchanged."""

    def __init__(self, logger: DiagnosticLogger) -> None:
        self.logger = logger

    def __call__(self, _: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        level = {"warn": "WARNING", "exception": "ERROR", "fatal": "CRITICAL", "msg": "INFO"}.get(
            method, method.upper()
        )
        fields = {key: value for key, value in event.items() if key not in ("event", "exc_info", "level", "timestamp")}
        error = event.get("exc_info")
        emit(
            self.logger,
            "log",
            "structlog",
            level=level if level in LEVELS else "INFO",
            message=str(event.get("event", "")),
            error=error if isinstance(error, BaseException) else None,
            fields=fields,
        )
        return event
