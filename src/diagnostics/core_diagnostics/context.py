"""diagnostic_context: a block of code becomes one event, and what is logged inside belongs to it."""

from __future__ import annotations

from contextvars import Token
from sys import modules
from time import perf_counter_ns as _now
from typing import TYPE_CHECKING, Any, Self, cast

from diagnostics.core_diagnostics import writer
from diagnostics.core_diagnostics.capture import freeze, freeze_mapping
from diagnostics.core_diagnostics.correlation import CURRENT, Bound, Unsampled, begin, next_number, release, taken
from diagnostics.core_diagnostics.failures import failed, slow

if TYPE_CHECKING:
    from types import TracebackType

    from diagnostics.core_diagnostics.logger import DiagnosticLogger
    from diagnostics.core_diagnostics.recorder import Site

_OPENTELEMETRY = "opentelemetry.trace"
_get, _bind, _unbind = CURRENT.get, CURRENT.set, CURRENT.reset


class DiagnosticContext:
    """What ``diagnostic_context`` returns: ``with`` and ``async with``."""

    __slots__ = ("around", "fields", "origin", "site", "started", "token")

    fields: dict[str, Any] | None
    #: Whose work it is; an object of `correlation` while it is not yet entered.
    origin: Any
    site: Site
    started: int
    #: None inside a block of the same logger: then there is nothing new to bind, and binding is a third of the price.
    token: Token[Any] | None
    around: Any

    @property
    def logger(self) -> DiagnosticLogger:
        """Who logs."""
        return self.site.logger

    def add(self, **fields: Any) -> None:
        """Add fields to the event that the block will make."""
        if self.fields is None:
            self.fields = {}
        for key, value in fields.items():
            self.fields[key] = freeze(value)

    def __enter__(self) -> Self:
        outer = self.origin
        if outer is None:
            self.origin = begin() if _OPENTELEMETRY in modules else next_number()
            if writer._thread is None:  # noqa: SLF001 - a call of running() would cost as much as the rest
                writer.start()
            self.token = _bind(self)
        elif outer.__class__ is Bound or outer.__class__ is int:
            self.token = _bind(self)
        else:
            self.origin = outer.origin
            self.token = None if outer.logger is self.site.logger else _bind(self)
        self.started = _now()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        ended = _now()
        site, started = self.site, self.started
        if self.token is not None:
            try:
                _unbind(self.token)
            except ValueError:
                pass  # left in another context than it was entered in: there is nothing to give back
            self.token = None  # it would keep the contexts around this one alive
        if error is not None:
            failed(site, self.origin, started, error, self.fields)
        elif ended - started > site.slow_ns:
            slow(site, self.origin, started, ended, None, {"fields": self.fields})
        elif self.fields is not None:
            more = {"level": "INFO", "outcome": "ok", "fields": self.fields}
            site.offer((site, self.origin, started, ended, more))
        elif len(site.pending) < site.limit:
            site.put((site, self.origin, started, ended, None))
        else:
            site.logger.recorder.drop()

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)


class TracedContext(DiagnosticContext):
    """A block that is also one for somebody else, as a span of OpenTelemetry."""

    __slots__ = ()

    def __enter__(self) -> Self:
        around = self.site.logger.around_block
        self.around = None if around is None else around(self.site.name)
        if self.around is not None:
            self.around.__enter__()
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, traceback)
        if self.around is not None:
            self.around.__exit__(kind, error, traceback)


class _UnsampledContext(DiagnosticContext):
    """A block in work that was sampled out: only its error is told. It keeps nothing, so one serves for all.

    The block binds its logger when that is not the one of the work already, for messages are never sampled out.
    """

    __slots__ = ()

    def add(self, **fields: Any) -> None:
        """Do nothing: there will be no event."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            failed(self.site, _get(), 0, error)


class _BindingUnsampledContext(DiagnosticContext):
    """The same where the work changes: it begins here, or goes on with another logger."""

    __slots__ = ()

    def add(self, **fields: Any) -> None:
        """Do nothing: there will be no event."""

    def __enter__(self) -> Self:
        out = Unsampled()
        out.logger = self.site.logger
        if self.origin is not None:
            out.origin = self.origin.origin
        self.token = _bind(out)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            failed(self.site, _get(), 0, error)
        if self.token is not None:
            release(self.token)
            self.token = None


class _NoContext(DiagnosticContext):
    """A block of a logger that is switched off: as if it were not there."""

    __slots__ = ()

    def add(self, **fields: Any) -> None:
        """Do nothing: there will be no event."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass


_NOTHING = _NoContext()


def diagnostic_context(logger: DiagnosticLogger, operation_name: str, **context: Any) -> DiagnosticContext:
    """Give a block of code a name and an event.

    Use it as ``with diagnostic_context(logger, "IMPORT", file=name):``, or with ``async with``. The block makes one
    event with its duration and outcome when it is left. Inside, module-level functions such as ``validate_data`` use
    its logger, and all events share one correlation id. Errors pass through.

    Args:
        logger: Who logs.
        operation_name: Name of the block in the events; a fixed text, not one made of ids.
        context: Fields for the event; more by ``.add(**fields)`` inside.
    """
    if logger.off:
        return _NOTHING
    try:
        site = logger.blocks[operation_name]
    except KeyError:
        site = logger.block_site(operation_name)
    who = _get()
    if type(who) is Unsampled:
        if who.logger is logger and site.quiet is not None:
            return site.quiet  # type: ignore[no-any-return]
        return _unsampled(site, who)
    if who is None and site.sampling is not None and not taken(begin(), site.sampling):
        return _unsampled(site, who)
    self = DiagnosticContext() if logger.around_block is None else TracedContext()
    self.site = site
    self.origin = who
    self.fields = freeze_mapping(context) if context else None
    return self


def _unsampled(site: Site, who: Any) -> DiagnosticContext:
    if who is not None and who.logger is site.logger:
        if site.quiet is None:
            quiet = _UnsampledContext()
            quiet.site, quiet.origin, quiet.fields = site, None, None
            site.quiet = quiet
        return cast("DiagnosticContext", site.quiet)
    block = _BindingUnsampledContext()
    block.site, block.origin, block.fields = site, who, None
    return block
