"""OpenTelemetry: instrumented calls and blocks as spans, events as log records, with its semantic conventions.

The W3C context comes in with ``bind_traceparent`` (or the middleware here) and goes out with ``current_traceparent``; an
active span gives its trace id to our events without this module.
"""

from __future__ import annotations

import inspect
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Any

import msgspec

from diagnostics.core_diagnostics import writer
from diagnostics.core_diagnostics.capture import error_text, type_name
from diagnostics.core_diagnostics.failures import outcome_of
from diagnostics.core_diagnostics.logger import DiagnosticLogger
from diagnostics.core_diagnostics.sinks import taken
from diagnostics.errors import MissingExtraError
from diagnostics.runtime.redaction import redact, shorten

if TYPE_CHECKING:
    from opentelemetry._logs import LoggerProvider
    from opentelemetry.trace import Span, Tracer, TracerProvider

SCOPE = "ultimate-diagnostics"
_TEXT = 8000


def trace_calls(logger: DiagnosticLogger, tracer_provider: TracerProvider | None = None) -> None:
    """Make a span of every call and block of this logger, for functions that are decorated from now on.

    Spans carry ``code.function.name``, ``code.file.path``, ``code.line.number``; of an error ``error.type`` and the event
    ``exception``, both without secrets. Cost: that of a span.

    Raises:
        MissingExtraError: The SDK of OpenTelemetry is not installed.
    """
    try:
        import opentelemetry.sdk.trace  # noqa: F401 - without the SDK every span would silently be none
        from opentelemetry import trace
    except ImportError as error:
        raise MissingExtraError("otel", needed_for="Making spans of calls") from error
    tracer = trace.get_tracer(SCOPE, tracer_provider=tracer_provider)

    def around(wrapped: Callable[..., Any], name: str) -> Callable[..., Any]:
        return _traced(wrapped, name, tracer, logger)

    logger.around = around
    logger.around_block = lambda name: _span(tracer, name, {})


def _traced(wrapped: Callable[..., Any], name: str, tracer: Tracer, logger: DiagnosticLogger) -> Callable[..., Any]:
    code = getattr(inspect.unwrap(wrapped), "__code__", None)
    attributes: dict[str, Any] = {"code.function.name": name}
    if code is not None:
        attributes.update({"code.file.path": code.co_filename, "code.line.number": code.co_firstlineno})
    if inspect.isgeneratorfunction(wrapped) or inspect.isasyncgenfunction(wrapped):
        return wrapped  # it shares the context of its consumer, whose spans would become its children
    if inspect.iscoroutinefunction(wrapped):

        @wraps(wrapped)
        async def call(*args: Any, **kwargs: Any) -> Any:
            if logger.off:
                return await wrapped(*args, **kwargs)
            with _span(tracer, name, attributes):
                return await wrapped(*args, **kwargs)

        return call

    @wraps(wrapped)
    def plain(*args: Any, **kwargs: Any) -> Any:
        if logger.off:
            return wrapped(*args, **kwargs)
        with _span(tracer, name, attributes):
            return wrapped(*args, **kwargs)

    return plain


@contextmanager
def _span(tracer: Tracer, name: str, attributes: dict[str, Any]) -> Iterator[Span]:
    with tracer.start_as_current_span(
        name, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield span
        except BaseException as error:
            _tell(span, error)
            raise


def _tell(span: Span, error: BaseException) -> None:
    if outcome_of(error)[0] != "error" or not span.is_recording():
        return
    from opentelemetry.trace import Status, StatusCode

    message = shorten(redact(error_text(error)), _TEXT)
    text = shorten(redact("".join(traceback.format_exception(error))), 2 * _TEXT)
    kind = type_name(error)
    span.set_attribute("error.type", kind)
    span.add_event("exception", {"exception.type": kind, "exception.message": message, "exception.stacktrace": text})
    span.set_status(Status(StatusCode.ERROR, message))


class OpenTelemetrySink:
    """Makes a log record of every line, on the writer's thread: ``logger.add_sink(OpenTelemetrySink())``.

    Args:
        logger_provider: Where records go; None takes the global one.

    Raises:
        MissingExtraError: OpenTelemetry is not installed.
    """

    def __init__(self, logger_provider: LoggerProvider | None = None) -> None:
        try:
            import opentelemetry.sdk._logs  # noqa: F401 - as above
            from opentelemetry._logs import get_logger_provider
        except ImportError as error:
            raise MissingExtraError("otel", needed_for="Making log records of events") from error
        self.lines: list[str] = []
        self._logger = (logger_provider or get_logger_provider()).get_logger(SCOPE)
        self._lock = threading.Lock()

    def flush(self) -> None:
        """Hand over what there is."""
        with self._lock:
            lines = "".join(taken(self.lines)).split("\n")[:-1]
        for line in lines:
            try:
                self._emit(msgspec.json.decode(line))
            except Exception as error:  # noqa: BLE001 - somebody else's exporter
                writer.complain("diagnostics_log_record_lost", f"{type(error).__name__}: {error}")

    def _emit(self, values: dict[str, Any]) -> None:
        from opentelemetry._logs import LogRecord, SeverityNumber
        from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

        level = values.get("level", "INFO")
        number = {"DEBUG": 5, "INFO": 9, "WARNING": 13, "ERROR": 17, "CRITICAL": 21}.get(level, 9)
        error = values.get("error", {})
        attributes = {
            "code.function.name": values.get("name") if values.get("event") == "call" else None,
            "error.type": error.get("type"),
            "exception.type": error.get("type"),
            "exception.message": error.get("message"),
            "exception.stacktrace": error.get("traceback"),
            "thread.name": values.get("thread"),
            "diagnostics.correlation_id": values.get("correlation_id"),
            "diagnostics.event": values.get("event"),
            "diagnostics.duration_seconds": values.get("duration_seconds"),
            "diagnostics.outcome": values.get("outcome"),
            **{f"diagnostics.field.{key}": str(value) for key, value in (values.get("fields") or {}).items()},
        }
        context = None
        if "trace_id" in values:
            place = SpanContext(
                int(values["trace_id"], 16), int(values["span_id"], 16), is_remote=False, trace_flags=TraceFlags(1)
            )
            context = set_span_in_context(NonRecordingSpan(place))
        self._logger.emit(
            LogRecord(
                timestamp=int(datetime.fromisoformat(values["timestamp"]).timestamp() * 1e6) * 1000,
                context=context,
                severity_text=level,
                severity_number=SeverityNumber(number),
                body=values.get("message") or values.get("name", ""),
                attributes={key: value for key, value in attributes.items() if value is not None},
            )
        )

    def close(self) -> None:
        """Hand over what there is."""
        self.flush()

    def after_fork(self) -> None:
        """Forget what the parent will hand over."""
        self._lock = threading.Lock()
        self.lines.clear()
