"""Identifiers: random, sortable by time where people list them, and W3C trace context."""

from __future__ import annotations

import os
import random
import re
from typing import NamedTuple

from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")

# Identifiers are no secrets: an own generator costs a tenth of urandom and ignores the host's `random.seed`.
_generator = random.Random()


def _reseed() -> None:
    _generator.seed(os.urandom(32))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reseed)


def new_id() -> str:
    """Return 32 hexadecimal digits, unique; also a valid W3C trace id."""
    return f"{_generator.getrandbits(128) | 1:032x}"


def new_span_id() -> str:
    """Return 16 hexadecimal digits, never all zero."""
    return f"{_generator.getrandbits(64) | 1:016x}"


def timed_id(prefix: str, clock: Clock = SYSTEM_CLOCK) -> str:
    """Return an identifier that sorts by the second and says when: ``diag_20261125T071508Z_3f9a1c``."""
    return f"{prefix}_{clock.now():%Y%m%dT%H%M%SZ}_{_generator.getrandbits(24):06x}"


class TraceParent(NamedTuple):
    """The caller's place in a distributed trace, as in the W3C header ``traceparent``."""

    trace_id: str
    span_id: str
    flags: int = 1

    def __str__(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{self.flags:02x}"


def parse_traceparent(header: str) -> TraceParent | None:
    """Return what a ``traceparent`` header says, or None when it is not valid (then it must be ignored).

    Source: https://www.w3.org/TR/trace-context/ section 3.2 (later versions may append fields).

    Example:
        >>> parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").flags
        1
    """
    match = _TRACEPARENT.fullmatch(header.strip())
    if match is None:
        return None
    version, trace_id, span_id, flags, more = match.groups()
    if version == "ff" or (version == "00" and more):
        return None
    if not trace_id.strip("0") or not span_id.strip("0"):
        return None
    return TraceParent(trace_id, span_id, int(flags, 16))
