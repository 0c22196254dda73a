"""Events of calls that went wrong or took too long: with arguments, traceback, locals; never raises itself."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from time import perf_counter_ns
from typing import Any

from diagnostics.core_diagnostics import writer
from diagnostics.core_diagnostics.capture import arguments_of, capture_error, innermost_line, type_name
from diagnostics.core_diagnostics.recorder import Site

#: Function, positional and named arguments of a call: looked at only when something goes wrong.
Call = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]

#: Full details of errors at one place are taken at most this often; in between type and message are kept.
_DETAIL_EVERY_NS = 100_000_000

_lately: deque[tuple[int, int, Site]] = deque(maxlen=64)


def failed(
    site: Site,
    who: Any,
    started: int,
    error: BaseException,
    fields: dict[str, Any] | None = None,
    call: Call | None = None,
) -> None:
    """Make the event of a call that raised; never raise itself.

    ``started`` is 0 for a call that was sampled out: its error is told nevertheless, but neither its duration is
    known nor is it counted, since the calls that went well were not counted either.
    """
    try:
        ended = perf_counter_ns()
        outcome, level = outcome_of(error)
        more: dict[str, Any] = {"level": level, "outcome": outcome, "fields": fields}
        if not started:
            if outcome != "error":
                return
            started, more["sampled"] = ended, False
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
            if detail and call is not None:
                more["arguments"] = arguments_of(*call)
        else:
            more["message"] = f"{site.name} {outcome}: {type_name(error)}"
        site.offer((site, who, started, ended, more))
        if outcome == "error":
            writer.wake()
    except Exception as failure:  # noqa: BLE001 - our own failure must not replace the host's exception
        try:
            writer.complain("diagnostics_event_lost", f"{type(failure).__name__}: {failure}")
        except RecursionError:
            pass  # the host's recursion left no room at all


def slow(site: Site, who: Any, started: int, ended: int, call: Call | None, more: dict[str, Any] | None = None) -> None:
    """Make the event of a call that went well and took too long: with its arguments; never raise itself."""
    try:
        more = {"level": "INFO", "outcome": "ok", **(more or {})}
        more["slow_after_seconds"] = site.slow_ns / 1e9
        if site.logger.slow_seconds is not None:
            more["level"] = "WARNING"
            more["message"] = f"{site.name} took {(ended - started) / 1e9:.3f} s"
        if ended - site.last_detail > _DETAIL_EVERY_NS:
            site.last_detail = ended
            if call is not None:
                more["arguments"] = arguments_of(*call)
            more["with_state"] = True
        site.offer((site, who, started, ended, more))
    except Exception as failure:  # noqa: BLE001 - our own failure must not become the host's
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
