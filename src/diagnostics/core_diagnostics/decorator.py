"""diagnose_function: every call becomes one event with its duration and its outcome.

The wrappers repeat themselves on purpose: a shared helper would cost each call a second Python call.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import wraps
from sys import modules
from time import perf_counter_ns
from typing import Any, ParamSpec, TypeVar, cast, overload

from diagnostics.core_diagnostics import writer
from diagnostics.core_diagnostics.capture import capture_error, innermost_line, type_name
from diagnostics.core_diagnostics.correlation import CURRENT, begin, next_number
from diagnostics.core_diagnostics.logger import DiagnosticLogger, default_logger
from diagnostics.core_diagnostics.recorder import Site

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])

_OPENTELEMETRY = "opentelemetry.trace"
_GENERATOR, _COROUTINE, _ITERABLE_COROUTINE, _ASYNC_GENERATOR = 0x20, 0x80, 0x100, 0x200
#: Full details of errors at one place are taken at most this often; in between type and message are kept.
_DETAIL_EVERY_NS = 100_000_000

_lately: deque[tuple[int, int, Site]] = deque(maxlen=64)


@overload
def diagnose_function(logger: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def diagnose_function(
    logger: DiagnosticLogger | None = None, *, name: str | None = None, log_entry: bool = False
) -> Callable[[F], F]: ...
def diagnose_function(
    logger: DiagnosticLogger | Callable[..., Any] | None = None,
    *,
    name: str | None = None,
    log_entry: bool = False,
) -> Any:
    """Instrument a function: plain, async, generator or async generator; also methods.

    Every call makes one event with its duration and outcome. An exception passes through untouched; its event
    has the traceback, the innermost local variables without secrets, and the state of the system. Use it as
    ``@diagnose_function(logger)``, ``@diagnose_function`` or ``@diagnose_function(name=...)``; without a
    logger the events go to the logger of the innermost ``diagnostic_context``, else to the default one.

    Args:
        logger: Who logs.
        name: Name in the events instead of the function's module and qualified name.
        log_entry: Also make an event when the call begins, so that one that never returns can be seen.
    """
    if logger is None or isinstance(logger, DiagnosticLogger):
        return lambda function: _instrument(function, logger, name, log_entry=log_entry)
    return _instrument(logger, None, name, log_entry=log_entry)


def _instrument(function: Any, logger: DiagnosticLogger | None, name: str | None, *, log_entry: bool) -> Any:
    if isinstance(function, staticmethod | classmethod):
        return type(function)(_instrument(function.__func__, logger, name, log_entry=log_entry))
    if not callable(function) or isinstance(function, type):
        raise TypeError(f"diagnose_function instruments functions and methods, not {function!r}")
    if name is None:
        qualified = getattr(function, "__qualname__", type(function).__qualname__).replace("<locals>.", "")
        name = f"{getattr(function, '__module__', None) or type(function).__module__}.{qualified}"
    owner = default_logger() if logger is None else logger
    site = owner.site("call", name, follows=logger is None)
    flags = _flags(function)
    wrap: Callable[..., Any]
    if flags & _ASYNC_GENERATOR:
        wrap = _async_generator
    elif flags & (_COROUTINE | _ITERABLE_COROUTINE):
        wrap = _coroutine
    elif flags & _GENERATOR:
        wrap = _generator
    else:
        wrap = _plain
    return _with_entry(wrap, function, site) if log_entry else wrap(function, site)


def _flags(function: Any) -> int:
    """Return the flags of the code that a call will run (partials and callable objects included)."""
    while hasattr(function, "func") and not hasattr(function, "__code__"):
        function = function.func
    code = getattr(function, "__code__", None)
    if code is None:
        code = getattr(type(function).__call__, "__code__", None)
    return cast("int", getattr(code, "co_flags", 0))


def _with_entry(wrap: Callable[..., Any], function: Any, site: Site) -> Any:
    """Wrap a function so that its beginning is an event as well."""
    logger, name = site.logger, site.name
    entry = logger.site("enter", name, follows=site.follows)
    entry.history = None
    flags = _flags(function)

    def announce() -> None:
        if not site.off:
            logger.emit(entry, {"level": "INFO"})

    announced: Any
    if flags & _ASYNC_GENERATOR:

        @wraps(function)
        async def announced(*args: Any, **kwargs: Any) -> Any:
            announce()
            async for item in function(*args, **kwargs):
                yield item
    elif flags & _COROUTINE:

        @wraps(function)
        async def announced(*args: Any, **kwargs: Any) -> Any:
            announce()
            return await function(*args, **kwargs)
    elif flags & _GENERATOR:

        @wraps(function)
        def announced(*args: Any, **kwargs: Any) -> Any:
            announce()
            return (yield from function(*args, **kwargs))
    else:

        @wraps(function)
        def announced(*args: Any, **kwargs: Any) -> Any:
            announce()
            return function(*args, **kwargs)

    return wrap(announced, site)


def failed(site: Site, who: Any, started: int, error: BaseException, fields: dict[str, Any] | None = None) -> None:
    """Make the event of a call that raised; never raise itself."""
    try:
        ended = perf_counter_ns()
        outcome, level = outcome_of(error)
        more: dict[str, Any] = {"level": level, "outcome": outcome, "fields": fields}
        if outcome == "error":
            where = (id(error), innermost_line(error))
            repeated = any(known[:2] == where and known[2] is not site for known in _lately)
            detail = not repeated and ended - site.last_detail > _DETAIL_EVERY_NS
            if detail:
                site.last_detail = ended
            _lately.append((*where, site))
            captured = capture_error(error, detail=detail)
            if repeated:
                captured["repeated"] = True
            more["error"] = captured
            more["with_state"] = detail
            more["message"] = f"{site.name} failed: {captured['type']}: {captured['message']}"
        else:
            more["message"] = f"{site.name} {outcome}: {type_name(error)}"
        site.logger.recorder.offer((site, who, started, ended, more))
        if outcome == "error":
            writer.wake()
    except Exception as failure:  # noqa: BLE001 - our own failure must not replace the host's exception
        writer.complain("diagnostics_event_lost", f"{type(failure).__name__}: {failure}")


def outcome_of(error: BaseException) -> tuple[str, str]:
    """Return outcome and level: a cancelled task, a closed generator and a leaving process are no errors."""
    if isinstance(error, Exception):
        return "error", "ERROR"
    kind = type(error)
    if kind.__name__ == "CancelledError":
        return "cancelled", "INFO"
    if kind is GeneratorExit:
        return "closed", "INFO"
    return ("exit", "INFO") if issubclass(kind, SystemExit | KeyboardInterrupt) else ("error", "ERROR")


def _plain(function: Callable[..., Any], site: Site) -> Callable[..., Any]:
    recorder = site.logger.recorder
    pending, put, drop, limit = recorder.pending, recorder.put, recorder.drop, recorder.limit
    get, bind, unbind, now = CURRENT.get, CURRENT.set, CURRENT.reset, perf_counter_ns

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if site.off:
            return function(*args, **kwargs)
        who = get()
        if who is not None:
            started = now()
            try:
                result = function(*args, **kwargs)
            except BaseException as error:
                failed(site, who, started, error)
                raise
            if len(pending) < limit:
                put((site, who, started, now(), None))
            else:
                drop()
            if writer._thread is None:  # noqa: SLF001 - the work may have been begun by somebody else, as by a traceparent
                writer.start()
            return result
        who = begin() if _OPENTELEMETRY in modules else next_number()
        token = bind(who)
        try:
            started = now()
            try:
                result = function(*args, **kwargs)
            except BaseException as error:
                failed(site, who, started, error)
                raise
            if len(pending) < limit:
                put((site, who, started, now(), None))
            else:
                drop()
        finally:
            try:
                unbind(token)
            except ValueError:
                pass  # closed in another context than it began in: there is nothing to give back
        if writer._thread is None:  # noqa: SLF001 - a call of running() would cost as much as the rest
            writer.start()
        return result

    return call


def _coroutine(function: Callable[..., Any], site: Site) -> Callable[..., Any]:
    recorder = site.logger.recorder
    pending, put, drop, limit = recorder.pending, recorder.put, recorder.drop, recorder.limit
    get, bind, unbind, now = CURRENT.get, CURRENT.set, CURRENT.reset, perf_counter_ns

    @wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:
        if site.off:
            return await function(*args, **kwargs)
        who = get()
        if who is not None:
            started = now()
            try:
                result = await function(*args, **kwargs)
            except BaseException as error:
                failed(site, who, started, error)
                raise
            if len(pending) < limit:
                put((site, who, started, now(), None))
            else:
                drop()
            if writer._thread is None:  # noqa: SLF001 - the work may have been begun by somebody else, as by a traceparent
                writer.start()
            return result
        who = begin() if _OPENTELEMETRY in modules else next_number()
        token = bind(who)
        try:
            started = now()
            try:
                result = await function(*args, **kwargs)
            except BaseException as error:
                failed(site, who, started, error)
                raise
            if len(pending) < limit:
                put((site, who, started, now(), None))
            else:
                drop()
        finally:
            try:
                unbind(token)
            except ValueError:
                pass  # closed in another context than it began in: there is nothing to give back
        if writer._thread is None:  # noqa: SLF001 - as above
            writer.start()
        return result

    return call


def _finished(site: Site, who: Any, started: int, items: int) -> None:
    site.logger.recorder.offer(
        (site, who, started, perf_counter_ns(), {"level": "INFO", "outcome": "ok", "items": items})
    )


# A generator shares the context of its consumer, so it must not leave an id of its own bound between items.


def _generator(function: Callable[..., Any], site: Site) -> Callable[..., Any]:
    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if site.off:
            return (yield from function(*args, **kwargs))
        who = CURRENT.get()
        if who is None:
            who = begin()
        started = perf_counter_ns()
        try:
            result = yield from function(*args, **kwargs)
        except BaseException as error:
            failed(site, who, started, error)
            raise
        if len(site.logger.recorder.pending) < site.logger.recorder.limit:
            site.logger.recorder.put((site, who, started, perf_counter_ns(), None))
        else:
            site.logger.recorder.drop()
        if not writer.running():
            writer.start()
        return result

    return call


def _async_generator(function: Callable[..., Any], site: Site) -> Callable[..., Any]:
    @wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:
        who = CURRENT.get()
        if who is None:
            who = begin()
        items = 0
        started = perf_counter_ns()
        source = function(*args, **kwargs)
        try:
            step = source.__anext__()
            while True:
                try:
                    item = await step
                except StopAsyncIteration:
                    break
                items += 1
                try:
                    sent = yield item
                except GeneratorExit:
                    await source.aclose()
                    raise
                except BaseException as thrown:  # noqa: BLE001 - handed on to the generator inside, whatever it is
                    step = source.athrow(thrown)
                else:
                    step = source.asend(sent)
        except BaseException as error:
            if not site.off:
                failed(site, who, started, error)
            raise
        if not site.off:
            _finished(site, who, started, items)

    return call
