"""Events as plain values and as JSON lines (on the writer thread)."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from diagnostics.core_diagnostics.capture import TEXT, render_error
from diagnostics.core_diagnostics.correlation import correlation_id_of, process_half, trace_of
from diagnostics.runtime.redaction import redact, redact_mapping, shorten

#: What follows the identity in the line of a call that went well, before the duration.
OK = ',"outcome":"ok","duration_seconds":'
#: Keys of an event that are not the caller's fields.
MESSAGE_LIMIT = 2000


def second(seconds: int) -> str:
    """Return a second since 1970 as RFC 3339 without fraction and zone.

    Example:
        >>> second(0)
        '1970-01-01T00:00:00'
    """
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def timestamp(nanoseconds: int) -> str:
    """Return nanoseconds since 1970 as RFC 3339 in UTC, with microseconds."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return f"{second(seconds)}.{rest // 1000:06d}Z"


def identity(who: Any) -> str:
    """Return the middle of a line: the rest of the correlation id's value, and trace ids."""
    if who.__class__ is int:
        return f'{process_half()}{who:016x}"'
    trace = trace_of(who)
    text = json.dumps(correlation_id_of(who) or "")[1:]
    if trace is not None:
        text += f',"trace_id":"{trace.trace_id}","span_id":"{trace.span_id}"'
    return text


def record(
    logger: str, event: str, name: str, who: Any, duration: int, at: int, more: dict[str, Any]
) -> dict[str, Any]:
    """Return an event as plain values without secrets, in the order in which people read them."""
    result: dict[str, Any] = {
        "timestamp": timestamp(at),
        "level": more.get("level", "INFO"),
        "logger": logger,
        "event": event,
    }
    if name:
        result["name"] = name
    result["correlation_id"] = correlation_id_of(who) or ""
    trace = trace_of(who)
    if trace is not None:
        result["trace_id"], result["span_id"] = trace.trace_id, trace.span_id
    if "outcome" in more:
        result["outcome"] = more["outcome"]
        if "sampled" not in more:  # else nobody looked at the clock when it began
            result["duration_seconds"] = duration / 1e9
    result["pid"] = os.getpid()
    for key in ("thread", "step", "checkpoint", "dropped", "items", "sampled", "slow_after_seconds"):
        if key in more:
            result[key] = more[key]
    if "message" in more:
        result["message"] = shorten(redact(more["message"][: 4 * MESSAGE_LIMIT]), MESSAGE_LIMIT)
    if "error" in more:
        result["error"] = render_error(more["error"])
    for key in ("arguments", "data", "locals", "system_state", "fields"):
        if more.get(key):
            result[key] = redact_mapping(more[key], limit=TEXT)
    if more.get("recent"):
        result["recent"] = more["recent"]  # made of events that are without secrets already
    return result


def line(values: dict[str, Any]) -> str:
    """Return one JSON line."""
    import msgspec  # on the writer thread, when the first event needs it

    try:
        return msgspec.json.encode(values).decode() + "\n"
    except (UnicodeEncodeError, TypeError, ValueError, OverflowError):
        # Lone surrogates (file names) and numbers beyond 64 bits.
        return json.dumps(values, default=str) + "\n"
