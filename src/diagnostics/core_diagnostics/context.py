"""diagnostic_context: a block of code becomes one event, and what is logged inside belongs to it."""

from __future__ import annotations

from contextvars import Token
from sys import modules
from time import perf_counter_ns as _now
from typing import TYPE_CHECKING, Any, Self

from diagnostics.core_diagnostics import writer
from diagnostics.core_diagnostics.capture import freeze, freeze_mapping
from diagnostics.core_diagnostics.correlation import CURRENT, Bound, Origin, begin, next_number
from diagnostics.core_diagnostics.decorator import failed

if TYPE_CHECKING:
    from types import TracebackType

    from diagnostics.core_diagnostics.logger import DiagnosticLogger

_OPENTELEMETRY = "opentelemetry.trace"
_ORIGINS = (int, Bound)
_get, _bind, _unbind = CURRENT.get, CURRENT.set, CURRENT.reset


class DiagnosticContext:
    """Names a block of code: ``with diagnostic_context(logger, "IMPORT", file=name):``; also ``async with``.

    The block makes one event with its duration and outcome when it is left. Inside, module-level functions
    such as ``validate_data`` use its logger, and all events share one correlation id. Errors pass through.

    Args:
        logger: Who logs.
        operation_name: Name of the block in the events; a fixed text, not one made of ids.
        context: Fields for the event.
    """

    __slots__ = ("_site", "_started", "_token", "fields", "logger", "origin")

    def __init__(self, logger: DiagnosticLogger, operation_name: str, **context: Any) -> None:
        self.logger = logger
        try:
            self._site = logger.sites[operation_name]
        except KeyError:
            self._site = logger.site("block", operation_name)
            if len(logger.sites) < 2000:
                logger.sites[operation_name] = self._site
        self.fields = freeze_mapping(context) if context else None

    def add(self, **fields: Any) -> None:
        """Add fields to the event that the block will make."""
        if self.fields is None:
            self.fields = {}
        for key, value in fields.items():
            self.fields[key] = freeze(value)

    def __enter__(self) -> Self:
        outer = _get()
        if outer is None:
            self.origin: Origin = begin() if _OPENTELEMETRY in modules else next_number()
            if writer._thread is None:  # noqa: SLF001 - a call of running() would cost as much as the rest
                writer.start()
        else:
            self.origin = outer if outer.__class__ in _ORIGINS else outer.origin
        self._token: Token[Any] = _bind(self)
        self._started = _now()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        site = self._site
        try:
            _unbind(self._token)
        except ValueError:
            pass  # left in another context than it was entered in: there is nothing to give back
        del self._token  # it would keep the contexts around this one alive
        if site.off:
            return
        if error is not None:
            failed(site, self.origin, self._started, error, self.fields)
            return
        if self.fields is not None:
            more = {"level": "INFO", "outcome": "ok", "fields": self.fields}
            site.logger.recorder.offer((site, self.origin, self._started, _now(), more))
        elif len(site.pending) < site.limit:
            site.put((site, self.origin, self._started, _now(), None))
        else:
            site.logger.recorder.drop()

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)


#: The name that users write; an alias, because a function around the class would cost every block a call.
diagnostic_context = DiagnosticContext
