"""Instrument a backend and classify its problems (phase 1).

Names are imported when first used; ``diagnostic_logger`` is made when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diagnostics.core_diagnostics.black_box import read_black_box
    from diagnostics.core_diagnostics.classification import classify_problem_priority, classify_problem_type
    from diagnostics.core_diagnostics.context import DiagnosticContext, diagnostic_context
    from diagnostics.core_diagnostics.correlation import (
        bind_correlation_id,
        bind_traceparent,
        carry,
        current_correlation_id,
        current_traceparent,
    )
    from diagnostics.core_diagnostics.decorator import diagnose_function
    from diagnostics.core_diagnostics.executor import ContextThreadPoolExecutor
    from diagnostics.core_diagnostics.logger import (
        DiagnosticLogger,
        active_logger,
        default_logger,
        flight_recorder,
    )
    from diagnostics.core_diagnostics.recorder import FlightRecorder
    from diagnostics.core_diagnostics.sinks import FileSink, LoggingSink, Sink, StreamSink
    from diagnostics.core_diagnostics.state import debug_context, log_system_state, system_state
    from diagnostics.core_diagnostics.validation import validate_data
    from diagnostics.model.problem import ProblemPriority

    diagnostic_logger: DiagnosticLogger

_HERE = "diagnostics.core_diagnostics."

#: Public name -> module that holds it.
_EXPORTS: dict[str, str] = {
    "DiagnosticLogger": _HERE + "logger",
    "active_logger": _HERE + "logger",
    "default_logger": _HERE + "logger",
    "flight_recorder": _HERE + "logger",
    "FlightRecorder": _HERE + "recorder",
    "FileSink": _HERE + "sinks",
    "LoggingSink": _HERE + "sinks",
    "Sink": _HERE + "sinks",
    "StreamSink": _HERE + "sinks",
    "DiagnosticContext": _HERE + "context",
    "diagnostic_context": _HERE + "context",
    "diagnose_function": _HERE + "decorator",
    "read_black_box": _HERE + "black_box",
    "validate_data": _HERE + "validation",
    "log_system_state": _HERE + "state",
    "debug_context": _HERE + "state",
    "system_state": _HERE + "state",
    "bind_correlation_id": _HERE + "correlation",
    "bind_traceparent": _HERE + "correlation",
    "carry": _HERE + "correlation",
    "current_correlation_id": _HERE + "correlation",
    "current_traceparent": _HERE + "correlation",
    "ContextThreadPoolExecutor": _HERE + "executor",
    "classify_problem_priority": _HERE + "classification",
    "classify_problem_type": _HERE + "classification",
    "ProblemPriority": "diagnostics.model.problem",
}

__all__ = [
    "ContextThreadPoolExecutor",
    "DiagnosticContext",
    "DiagnosticLogger",
    "FileSink",
    "FlightRecorder",
    "LoggingSink",
    "ProblemPriority",
    "Sink",
    "StreamSink",
    "active_logger",
    "bind_correlation_id",
    "bind_traceparent",
    "carry",
    "classify_problem_priority",
    "classify_problem_type",
    "current_correlation_id",
    "current_traceparent",
    "debug_context",
    "default_logger",
    "diagnose_function",
    "diagnostic_context",
    "diagnostic_logger",
    "flight_recorder",
    "log_system_state",
    "read_black_box",
    "system_state",
    "validate_data",
]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name == "diagnostic_logger":
        value = import_module(_HERE + "logger").default_logger()
    elif name in _EXPORTS:
        value = getattr(import_module(_EXPORTS[name]), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
