"""Which lines of code hold more memory than before: two snapshots of ``tracemalloc``, a while apart."""

from __future__ import annotations

import threading
import tracemalloc
from dataclasses import dataclass
from pathlib import Path

from diagnostics.model.record import Record
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock

FRAMES = 8
MOST_BYTES = 64 << 20
"""Memory that the tracing itself may take; then it stops before its time."""
_STEP_SECONDS = 0.25
_ONE_AT_A_TIME = threading.Lock()
_OURS = str(Path(__file__).parent.parent)


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationSite(Record):
    """A place in the code, and what it holds more than before.

    Attributes:
        trace: Callers, outermost first, ``file:line`` each, the place itself last.
        bytes_grown: Bytes.
        blocks_grown: Pieces of memory.
        per_second: Bytes a second over the time between the snapshots.
    """

    file: str
    line: int
    trace: tuple[str, ...]
    bytes_grown: int
    blocks_grown: int
    per_second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocations(Record):
    """What grew between two snapshots.

    Attributes:
        seconds: Between them.
        grown_bytes: Growth of all that Python allocated.
        sites: The places that grew most, biggest first.
        cut_short: The tracing took :data:`MOST_BYTES` of memory and ended early.
        error: Why there is no answer; empty when there is one.
    """

    seconds: float
    grown_bytes: int
    sites: tuple[AllocationSite, ...]
    cut_short: bool = False
    error: str = ""


def allocation_sites(
    seconds: float = 10.0,
    *,
    most: int = 10,
    frames: int = FRAMES,
    most_bytes: int = MOST_BYTES,
    clock: Clock = SYSTEM_CLOCK,
) -> Allocations:
    """Return the lines whose memory grew over the next ``seconds``; blocks for so long.

    Tracing makes each allocation about twice as slow while it lasts. It is switched on for this and off again, unless it
    was on already; what was allocated before counts only when it was on already. Only one thread can ask at a time.

    Args:
        seconds: Between the snapshots.
        most: Places that are named.
        frames: Callers that are remembered for each piece of memory.
        most_bytes: Memory that the tracing itself may take.
        clock: Source of time.
    """
    if not _ONE_AT_A_TIME.acquire(blocking=False):
        return Allocations(seconds=0.0, grown_bytes=0, sites=(), error="another thread is looking already")
    was_on = tracemalloc.is_tracing()
    try:
        if not was_on:
            tracemalloc.start(frames)
        return _between(seconds, most, most_bytes, clock)
    finally:
        if not was_on:
            tracemalloc.stop()
        _ONE_AT_A_TIME.release()


def _between(seconds: float, most: int, most_bytes: int, clock: Clock) -> Allocations:
    leave_out = (
        tracemalloc.Filter(inclusive=False, filename_pattern=tracemalloc.__file__),
        tracemalloc.Filter(inclusive=False, filename_pattern=f"{_OURS}/*"),
        tracemalloc.Filter(inclusive=False, filename_pattern="<frozen importlib*"),
    )
    before = tracemalloc.take_snapshot().filter_traces(leave_out)
    held = tracemalloc.get_traced_memory()[0]
    began = clock.monotonic()
    cut_short = False
    while (left := began + seconds - clock.monotonic()) > 0:
        clock.sleep(min(left, _STEP_SECONDS))
        if tracemalloc.get_tracemalloc_memory() > most_bytes:
            cut_short = True
            break
    elapsed = max(1e-3, clock.monotonic() - began)
    grown = tracemalloc.get_traced_memory()[0] - held
    after = tracemalloc.take_snapshot().filter_traces(leave_out)
    sites = []
    for item in after.compare_to(before, "traceback")[: 4 * most]:
        if item.size_diff <= 0:
            continue
        frame = item.traceback[-1]
        sites.append(
            AllocationSite(
                file=frame.filename,
                line=frame.lineno,
                trace=tuple(f"{each.filename}:{each.lineno}" for each in item.traceback),
                bytes_grown=item.size_diff,
                blocks_grown=item.count_diff,
                per_second=item.size_diff / elapsed,
            )
        )
    sites.sort(key=lambda site: -site.bytes_grown)
    return Allocations(seconds=elapsed, grown_bytes=grown, sites=tuple(sites[:most]), cut_short=cut_short)
