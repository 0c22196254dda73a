"""What runs around an instrumented function: one wrapper for each kind of function.

The wrappers repeat themselves on purpose: a shared helper would cost each call a second Python call. The common
way through each comes first: inside work that has an id and is recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from sys import modules
from time import perf_counter_ns
from typing import Any

from diagnostics.core_diagnostics import writer
from diagnostics.core_diagnostics.correlation import CURRENT, Unsampled, begin, next_number, taken
from diagnostics.core_diagnostics.failures import failed, slow
from diagnostics.core_diagnostics.recorder import Site

_OPENTELEMETRY = "opentelemetry.trace"

# `failed` stands inside a try of its own: at the end of the stack its very call raises, and the host must see its own
# exception. A token may be refused (ValueError) when a call ends in another context than it began in: then there is
# nothing to give back.


def plain(function: Callable[..., Any], site: Site) -> Callable[..., Any]:  # noqa: C901 - see the module
    """Wrap a function that returns a value."""
    pending, put, drop, limit = site.pending, site.put, site.logger.recorder.drop, site.limit
    get, bind, unbind, now = CURRENT.get, CURRENT.set, CURRENT.reset, perf_counter_ns

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:  # noqa: C901 - see the module
        if site.off:
            return function(*args, **kwargs)
        who = get()
        if type(who) is Unsampled:
            try:
                return function(*args, **kwargs)
            except BaseException as error:
                try:
                    failed(site, who, 0, error, None, (function, args, kwargs))
                except RecursionError:
                    pass
                raise
        if who is not None:
            started = now()
            try:
                result = function(*args, **kwargs)
            except BaseException as error:
                try:
                    failed(site, who, started, error, None, (function, args, kwargs))
                except RecursionError:
                    pass
                raise
            ended = now()
            if ended - started > site.slow_ns:
                slow(site, who, started, ended, (function, args, kwargs))
            elif len(pending) < limit:
                put((site, who, started, ended, None))
            else:
                drop()
            if writer._thread is None:  # noqa: SLF001 - the work may have been begun by somebody else, as by a traceparent
                writer.start()
            return result
        who = begin() if _OPENTELEMETRY in modules else next_number()
        if site.sampling is not None and not taken(who, site.sampling):
            out = Unsampled()
            token = bind(out)
            try:
                return function(*args, **kwargs)
            except BaseException as error:
                try:
                    failed(site, out, 0, error, None, (function, args, kwargs))
                except RecursionError:
                    pass
                raise
            finally:
                try:
                    unbind(token)
                except ValueError:
                    pass
        token = bind(who)
        try:
            started = now()
            try:
                result = function(*args, **kwargs)
            except BaseException as error:
                try:
                    failed(site, who, started, error, None, (function, args, kwargs))
                except RecursionError:
                    pass
                raise
            ended = now()
            if ended - started > site.slow_ns:
                slow(site, who, started, ended, (function, args, kwargs))
            elif len(pending) < limit:
                put((site, who, started, ended, None))
            else:
                drop()
        finally:
            try:
                unbind(token)
            except ValueError:
                pass
        if writer._thread is None:  # noqa: SLF001 - a call of running() would cost as much as the rest
            writer.start()
        return result

    return call


def coroutine(function: Callable[..., Any], site: Site) -> Callable[..., Any]:  # noqa: C901 - see the module
    """Wrap a coroutine function."""
    pending, put, drop, limit = site.pending, site.put, site.logger.recorder.drop, site.limit
    get, bind, unbind, now = CURRENT.get, CURRENT.set, CURRENT.reset, perf_counter_ns

    @wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:  # noqa: C901 - see the module
        if site.off:
            return await function(*args, **kwargs)
        who = get()
        if type(who) is Unsampled:
            try:
                return await function(*args, **kwargs)
            except BaseException as error:
                try:
                    failed(site, who, 0, error, None, (function, args, kwargs))
                except RecursionError:
                    pass
                raise
        if who is not None:
            started = now()
            try:
                result = await function(*args, **kwargs)
            except BaseException as error:
                try:
                    failed(site, who, started, error, None, (function, args, kwargs))
                except RecursionError:
                    pass
                raise
            ended = now()
            if ended - started > site.slow_ns:
                slow(site, who, started, ended, (function, args, kwargs))
            elif len(pending) < limit:
                put((site, who, started, ended, None))
            else:
                drop()
            if writer._thread is None:  # noqa: SLF001 - as above
                writer.start()
            return result
        who = begin() if _OPENTELEMETRY in modules else next_number()
        if site.sampling is not None and not taken(who, site.sampling):
            out = Unsampled()
            token = bind(out)
            try:
                return await function(*args, **kwargs)
            except BaseException as error:
                try:
                    failed(site, out, 0, error, None, (function, args, kwargs))
                except RecursionError:
                    pass
                raise
            finally:
                try:
                    unbind(token)
                except ValueError:
                    pass
        token = bind(who)
        try:
            started = now()
            try:
                result = await function(*args, **kwargs)
            except BaseException as error:
                try:
                    failed(site, who, started, error, None, (function, args, kwargs))
                except RecursionError:
                    pass
                raise
            ended = now()
            if ended - started > site.slow_ns:
                slow(site, who, started, ended, (function, args, kwargs))
            elif len(pending) < limit:
                put((site, who, started, ended, None))
            else:
                drop()
        finally:
            try:
                unbind(token)
            except ValueError:
                pass
        if writer._thread is None:  # noqa: SLF001 - as above
            writer.start()
        return result

    return call


# A generator shares the context of its consumer, so it must not leave an id of its own bound between items; and the
# time it takes is its consumer's, so it is never "slow". Both wrappers hand on what they are sent and thrown by
# themselves: ``yield from`` would turn a GeneratorExit that is thrown into a close.


def _identity(site: Site) -> tuple[Any, bool]:
    """Return whose work a generator belongs to, and whether it is recorded."""
    who = CURRENT.get()
    if who is None:
        who = begin()
        return who, site.sampling is None or taken(who, site.sampling)
    return who, type(who) is not Unsampled


def generator(
    function: Callable[..., Any], site: Site, announce: Callable[[], None] | None = None
) -> Callable[..., Any]:
    """Wrap a generator function; ``announce`` is called when it begins."""
    recorder = site.logger.recorder

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        who, sampled = (None, False) if site.off else _identity(site)
        if announce is not None:
            announce()
        started = perf_counter_ns()
        try:
            source = function(*args, **kwargs)
            result = None
            try:
                item = next(source)
                while True:
                    try:
                        sent = yield item
                    except BaseException as thrown:  # noqa: BLE001 - handed on to the generator inside, whatever it is
                        item = source.throw(thrown)
                    else:
                        item = next(source) if sent is None else source.send(sent)
            except StopIteration as end:
                result = end.value
        except BaseException as error:
            if not site.off:
                try:
                    failed(site, who, started if sampled else 0, error, None, (function, args, kwargs))
                except RecursionError:
                    pass
            raise
        if sampled:
            if len(site.pending) < site.limit:
                site.put((site, who, started, perf_counter_ns(), None))
            else:
                recorder.drop()
            if not writer.running():
                writer.start()
        return result

    return call


def async_generator(
    function: Callable[..., Any], site: Site, announce: Callable[[], None] | None = None
) -> Callable[..., Any]:
    """Wrap an async generator function; ``announce`` is called when it begins."""

    @wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:
        who, sampled = (None, False) if site.off else _identity(site)
        items = 0
        if announce is not None:
            announce()
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
                except BaseException as thrown:  # noqa: BLE001 - handed on to the generator inside, whatever it is
                    step = source.athrow(thrown)
                else:
                    step = source.asend(sent)
        except BaseException as error:
            if not site.off:
                try:
                    failed(site, who, started if sampled else 0, error, None, (function, args, kwargs))
                except RecursionError:
                    pass
            raise
        if sampled and not site.off:
            more = {"level": "INFO", "outcome": "ok", "items": items}
            site.offer((site, who, started, perf_counter_ns(), more))

    return call
