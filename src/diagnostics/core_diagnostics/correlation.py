"""The id that follows one piece of work through calls, tasks and (with ``carry``) threads.

One context variable says who is at work. Its value is None outside any work, a number for work that an
instrumented call began by itself, a ``Bound`` for work that came from elsewhere (a W3C ``traceparent``, an
OpenTelemetry span, an id of the caller's), or the innermost ``diagnostic_context``. A number instead of an
object, because beginning work is on the path of every outermost call.
"""

from __future__ import annotations

import itertools
import os
import random
import sys
from collections.abc import Callable
from contextvars import ContextVar, Token, copy_context
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, Self, TypeVar

from diagnostics.runtime.ids import TraceParent, new_id, new_span_id, parse_traceparent

if TYPE_CHECKING:
    from types import TracebackType

P = ParamSpec("P")
R = TypeVar("R")


class Bound:
    """Work whose id came from elsewhere."""

    __slots__ = ("correlation_id", "trace")

    def __init__(self, correlation_id: str, trace: TraceParent | None = None) -> None:
        self.correlation_id = correlation_id[:128]
        self.trace = trace


class Unsampled:
    """Work that was sampled out: its calls are not recorded, its messages and its errors are.

    It gets an id when somebody asks, since most of it passes without.
    """

    __slots__ = ("logger", "origin")

    origin: Origin
    logger: Any

    def __getattr__(self, name: str) -> Any:
        if name == "origin":
            self.origin = next_number()
            return self.origin
        if name == "logger":
            return None
        raise AttributeError(name)


#: What identifies work: a number of our own, or an id that was brought along.
Origin = int | Bound


class Scope(Protocol):
    """A ``diagnostic_context``: it belongs to some work and has a logger."""

    origin: Origin
    logger: Any


CURRENT: ContextVar[Any] = ContextVar("diagnostics_current", default=None)

# The number counts within the process; the random half keeps processes apart.
_numbers = itertools.count(1)
next_number = _numbers.__next__
_process_half = f"{random.Random(os.urandom(16)).getrandbits(64) | 1:016x}"


# A generator of our own: the host may have seeded the shared one and count on what comes next.
_chance = random.Random(os.urandom(16)).random


def _new_half() -> None:
    global _process_half, _chance
    _chance = random.Random(os.urandom(16)).random
    _process_half = f"{random.Random(os.urandom(16)).getrandbits(64) | 1:016x}"


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_new_half)


def process_half() -> str:
    """Return what all our own ids of this process begin with."""
    return _process_half


def correlation_id_of(who: Any) -> str | None:
    """Return the id of what the context variable holds."""
    if who is None:
        return None
    origin = who if isinstance(who, int | Bound) else who.origin
    return f"{_process_half}{origin:016x}" if isinstance(origin, int) else origin.correlation_id


def trace_of(who: Any) -> TraceParent | None:
    """Return the place in a distributed trace, where one is known."""
    if who is None or isinstance(who, int):
        return None
    origin = who if isinstance(who, Bound) else who.origin
    return None if isinstance(origin, int) else origin.trace


def opentelemetry_trace() -> TraceParent | None:
    """Return the active OpenTelemetry span; never imports OpenTelemetry itself."""
    module = sys.modules.get("opentelemetry.trace")
    get_current_span = getattr(module, "get_current_span", None)
    if get_current_span is None:
        return None
    context = get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return TraceParent(f"{context.trace_id:032x}", f"{context.span_id:016x}", int(context.trace_flags))


def begin() -> Origin:
    """Return the identity of new work; it takes over an active OpenTelemetry span."""
    if "opentelemetry.trace" in sys.modules and (trace := opentelemetry_trace()) is not None:
        return Bound(trace.trace_id, trace)
    return next_number()


def taken(who: Origin, ratio: float) -> bool:
    """Return whether work is recorded when this share of all work is to be.

    Work that came with a trace is judged by the trace's id, as W3C's level 2 and OpenTelemetry do (the last 56 bits
    are random): every service with the same ratio keeps the same traces.
    """
    trace = None if isinstance(who, int) else who.trace
    if trace is None:
        return _chance() < ratio
    return int(trace.trace_id[-14:], 16) < ratio * (1 << 56)


class Binding:
    """An id that has been bound; leaving the ``with`` block (or ``release()``) gives back what was before."""

    __slots__ = ("_token", "correlation_id")

    def __init__(self, bound: Bound, sampling: float | None = None) -> None:
        self.correlation_id = bound.correlation_id
        who: Any = bound
        if sampling is not None and not taken(bound, sampling):
            who = Unsampled()
            who.origin = bound
        self._token: Token[Any] | None = CURRENT.set(who)

    def release(self) -> None:
        """Give back what was bound before; the second time does nothing."""
        token, self._token = self._token, None
        if token is not None:
            release(token)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()


def release(token: Token[Any]) -> None:
    """Give back what the variable held; a task that ends in another context has nothing to give back."""
    try:
        CURRENT.reset(token)
    except ValueError:
        pass


def bind_correlation_id(correlation_id: str | None = None) -> Binding:
    """Bind an id of the caller's (or a new one) to the work that follows in this context."""
    return Binding(Bound(correlation_id or new_id()))


def bind_traceparent(
    header: str | None, *, correlation_id: str | None = None, sampling: float | None = None
) -> Binding:
    """Take over a W3C ``traceparent`` header; a missing or invalid one starts a new id, as W3C demands.

    Args:
        header: The header's value.
        correlation_id: An id of the caller's to show instead of the trace's.
        sampling: Record this share of the work (``logger.sampling``); None records all of it.
    """
    trace = parse_traceparent(header) if header else None
    return Binding(Bound(correlation_id or (trace.trace_id if trace else new_id()), trace), sampling)


def current_correlation_id() -> str | None:
    """Return the id of the work that is going on here; None outside any."""
    return correlation_id_of(CURRENT.get())


def current_traceparent() -> str | None:
    """Return the ``traceparent`` header for a call to another service; None outside any work.

    An active OpenTelemetry span comes first, then what was bound, then our own id as a trace nobody samples.
    """
    who = CURRENT.get()
    trace = opentelemetry_trace() or trace_of(who)
    if trace is None:
        correlation_id = correlation_id_of(who)
        if correlation_id is None:
            return None
        trace = parse_traceparent(f"00-{correlation_id}-{new_span_id()}-00")
    return None if trace is None else str(trace)


def carry(function: Callable[P, R]) -> Callable[P, R]:
    """Return the function bound to the work of here and now, for a thread, a timer or an executor.

    Each call runs in a copy of the present context, so one carried function may run in many threads at once.
    """
    context = copy_context()

    @wraps(function)
    def carried(*args: P.args, **kwargs: P.kwargs) -> R:
        return context.copy().run(function, *args, **kwargs)

    return carried
