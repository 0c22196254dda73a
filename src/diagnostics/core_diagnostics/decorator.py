"""diagnose_function: every call becomes one event with its duration and its outcome."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cached_property, wraps
from time import perf_counter_ns
from typing import Any, ParamSpec, TypeVar, cast, overload

from diagnostics.core_diagnostics import wrappers
from diagnostics.core_diagnostics.correlation import CURRENT, Unsampled, begin
from diagnostics.core_diagnostics.logger import DiagnosticLogger, default_logger
from diagnostics.core_diagnostics.recorder import Site

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])

_GENERATOR, _COROUTINE, _ITERABLE_COROUTINE, _ASYNC_GENERATOR = 0x20, 0x80, 0x100, 0x200
#: What other decorators hang on their result besides ``__dict__`` (functools.lru_cache).
_EXTRAS = ("cache_info", "cache_clear", "cache_parameters")
#: Environment variable that switches instrumentation off where functions are decorated, at no cost at all.
OFF_VARIABLE = "DIAGNOSTICS_OFF"


@overload
def diagnose_function(logger: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def diagnose_function(
    logger: DiagnosticLogger | None = None, *, name: str | None = None, log_entry: bool = False, enabled: bool = True
) -> Callable[[F], F]: ...
def diagnose_function(
    logger: DiagnosticLogger | Callable[..., Any] | None = None,
    *,
    name: str | None = None,
    log_entry: bool = False,
    enabled: bool = True,
) -> Any:
    """Instrument a function: plain, async, generator or async generator; also methods and properties.

    Every call makes one event with its duration and outcome. An exception passes through untouched; its event
    has the traceback, the arguments, the innermost local variables without secrets, the last events of the same
    work, and the state of the system. Use it as ``@diagnose_function(logger)``, ``@diagnose_function`` or
    ``@diagnose_function(name=...)``; without a logger the events go to the logger of the innermost
    ``diagnostic_context``, else to the default one.

    Args:
        logger: Who logs.
        name: Name in the events instead of the function's module and qualified name.
        log_entry: Also make an event when the call begins, so that one that never returns can be seen.
        enabled: False returns the function itself, which then costs nothing and cannot be switched on later; so
            does the environment variable ``DIAGNOSTICS_OFF=1``. To switch at run time use ``logger.enabled``.
    """
    enabled = enabled and os.environ.get(OFF_VARIABLE, "0").lower() in ("", "0", "false", "no")

    def decorate(function: Any) -> Any:
        own = logger if isinstance(logger, DiagnosticLogger) else None
        return _instrument(function, own, name, log_entry=log_entry, enabled=enabled)

    return decorate if logger is None or isinstance(logger, DiagnosticLogger) else decorate(logger)


def _instrument(
    function: Any, logger: DiagnosticLogger | None, name: str | None, *, log_entry: bool, enabled: bool
) -> Any:
    def again(inner: Any) -> Any:
        return _instrument(inner, logger, name, log_entry=log_entry, enabled=enabled)

    if isinstance(function, staticmethod | classmethod):
        return type(function)(again(function.__func__))
    if isinstance(function, property):
        getter, setter, deleter = (access and again(access) for access in (function.fget, function.fset, function.fdel))
        return type(function)(getter, setter, deleter, function.__doc__)
    if isinstance(function, cached_property):
        function.func = again(function.func)
        return function
    if not callable(function) or isinstance(function, type):
        raise TypeError(f"diagnose_function instruments functions and methods, not {function!r}")
    if not enabled:
        return function
    if name is None:
        qualified = getattr(function, "__qualname__", type(function).__qualname__).replace("<locals>.", "")
        name = f"{getattr(function, '__module__', None) or type(function).__module__}.{qualified}"
    owner = default_logger() if logger is None else logger
    site = owner.site("call", name, follows=logger is None)
    flags = _flags(function)
    wrap: Callable[..., Any]
    if flags & _ASYNC_GENERATOR:
        wrap = wrappers.async_generator
    elif flags & (_COROUTINE | _ITERABLE_COROUTINE):
        wrap = wrappers.coroutine
    elif flags & _GENERATOR:
        wrap = wrappers.generator
    else:
        wrap = wrappers.plain
    wrapped = _with_entry(wrap, function, site) if log_entry else wrap(function, site)
    for extra in _EXTRAS:
        if hasattr(function, extra):
            setattr(wrapped, extra, getattr(function, extra))
    return wrapped if owner.around is None else owner.around(wrapped, name)


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

    pending, put, limit, now, get = entry.pending, entry.put, entry.limit, perf_counter_ns, CURRENT.get

    def announce() -> None:
        who = get()
        if not site.off and type(who) is not Unsampled:
            if len(pending) < limit:
                moment = now()
                put((entry, begin() if who is None else who, moment, moment, None))
            else:
                logger.recorder.drop()

    announced: Any
    if flags & _ASYNC_GENERATOR:
        return wrappers.async_generator(function, site, announce)
    if flags & _GENERATOR and not flags & _ITERABLE_COROUTINE:
        return wrappers.generator(function, site, announce)
    if flags & (_COROUTINE | _ITERABLE_COROUTINE):

        @wraps(function)
        async def announced(*args: Any, **kwargs: Any) -> Any:
            announce()
            return await function(*args, **kwargs)
    else:

        @wraps(function)
        def announced(*args: Any, **kwargs: Any) -> Any:
            announce()
            return function(*args, **kwargs)

    return wrap(announced, site)
