"""The flight recorder: what happened lately and what was normal before, in bounded memory.

Callers append one tuple to a queue, which takes no lock. Whoever drains (the writer thread, or a reader of
the recorder) turns the tuples into aggregates, the ring of recent events, and lines for the sinks.
"""

from __future__ import annotations

import json
import os
import threading
from collections import deque
from datetime import UTC, datetime
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from diagnostics.core_diagnostics import encoding, writer
from diagnostics.core_diagnostics.aggregates import NEVER, SLOT_SECONDS, History, Slot, slow_after, summary
from diagnostics.core_diagnostics.correlation import Bound
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock
from diagnostics.runtime.redaction import redact, shorten

if TYPE_CHECKING:
    from diagnostics.core_diagnostics.logger import DiagnosticLogger

#: Place, origin of the work, start, end (perf_counter_ns), and more than "it went well" (or None).
Event = tuple["Site", Any, int, int, dict[str, Any] | None]

OTHER = "(other)"
BATCH = 512
#: How many events of the same work the event of an error repeats, and how much of their messages.
RECENT = 10
MESSAGE_IN_SHORT = 200
_SECOND = 1_000_000_000
_TWO_SECONDS = 2 * _SECOND


class Site:
    """A place that makes events: an instrumented function, a block or a logger's messages."""

    __slots__ = (
        "durations",
        "errors",
        "event",
        "follows",
        "head",
        "history",
        "last_detail",
        "limit",
        "logger",
        "name",
        "off",
        "offer",
        "pending",
        "put",
        "quiet",
        "sampling",
        "slow_ns",
        "slow_slot",
        "timed",
        "written",
    )

    def __init__(
        self,
        logger: DiagnosticLogger,
        event: str,
        name: str,
        *,
        history: History | None,
        follows: bool = False,
    ) -> None:
        self.logger = logger
        self.event = event
        self.name = name
        self.history = history
        #: Whether its events go to the logger of the innermost context instead of its own.
        self.follows = follows
        self.read_settings()
        # Copies, so that the fast path has one step less to go.
        self.pending = logger.recorder.pending
        self.put = logger.recorder.put
        self.offer = logger.recorder.offer
        self.limit = logger.recorder.limit
        #: Whether its events have a duration and an outcome.
        self.timed = event != "enter"
        #: The block of this place for work that was sampled out (context.py).
        self.quiet: Any = None
        #: Whether somebody else writes the lines of its calls that went well.
        self.written = False
        if logger.durable is not None:
            logger.durable.take_over(self)
        self.durations: list[int] = []
        self.errors = 0
        self.slow_slot = -1
        self.last_detail = 0
        self.head = self.head_for(logger)

    def read_settings(self) -> None:
        """Take over what the logger says about switching off, sampling and slow calls."""
        logger = self.logger
        self.off = logger.off
        self.sampling = None if logger.sampling >= 1 else logger.sampling
        #: A call that takes longer is told with its arguments; learnt from its history unless the logger says.
        self.slow_ns = NEVER if logger.slow_seconds is None else int(logger.slow_seconds * 1e9)

    def head_for(self, logger: DiagnosticLogger) -> str:
        """Return the part of a line that is the same for all calls that went well."""
        start = f'Z","level":"INFO","logger":{json.dumps(logger.name)},"event":"{self.event}"'
        return f'{start},"name":{json.dumps(self.name)},"correlation_id":"'


class FlightRecorder:
    """Keeps the newest events and, by name, counts, errors and durations of the last ten minutes and before.

    Args:
        capacity: How many recent events are kept.
        queue: How many events may wait to be processed; beyond that they are dropped and counted.
        names: How many names are told apart; the rest is summed up under ``(other)``.
        clock: Source of the wall-clock time; durations come from the performance counter.
    """

    def __init__(
        self, *, capacity: int = 8192, queue: int = 65_536, names: int = 500, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self.limit = queue
        self.pending: deque[Event] = deque()
        self.put = self.pending.append
        self._ring: deque[Event] = deque(maxlen=capacity)
        self._names = names
        self._clock = clock
        self._histories: dict[str, History] = {}
        self._sites: list[Site] = []
        self._lock = threading.RLock()
        self._count_lock = threading.RLock()
        self._detailed = 0
        self._draining = False
        self._detailed_limit = max(queue // 8, 1)
        self._dropped = 0
        self._dropped_told = 0
        self._received = 0
        self._began = clock.now()
        writer.add(self)

    # ------------------------------------------------------------ for those who make events

    def site(self, logger: DiagnosticLogger, event: str, name: str, *, follows: bool = False) -> Site:
        """Return a place for events of this name; its calls are aggregated."""
        with self._count_lock:
            site = Site(logger, event, name, history=self._history(name), follows=follows)
            if len(self._sites) < 8 * self._names:
                self._sites.append(site)
            else:
                # Its events are still written; only the aggregates would have no end.
                site.history = None
        return site

    def _history(self, name: str) -> History:
        if name not in self._histories and len(self._histories) >= self._names:
            name = OTHER
        return self._histories.setdefault(name, History())

    def offer(self, event: Event) -> None:
        """Take an event with details; of those fewer may wait, since each may hold kilobytes."""
        with self._count_lock:
            room = self._detailed < self._detailed_limit and len(self.pending) < self.limit
            self._detailed += room
        if room:
            self.put(event)
            if self._detailed > self._detailed_limit // 2:
                writer.wake()
        else:
            self.drop()
        if not writer.running():
            writer.start()

    def drop(self) -> None:
        """Count an event for which there was no room."""
        with self._count_lock:
            self._dropped += 1
        if not writer.running():
            writer.start()

    # ------------------------------------------------------------ draining

    def drain(self, timeout: float = 1.0, batches: int | None = None) -> int:
        """Process what waits; return how many events that were.

        Args:
            timeout: How long to wait for somebody else who is draining.
            batches: How many batches at most; None: what a full queue holds.
        """
        if not self._lock.acquire(timeout=timeout):
            return 0
        if self._draining:
            self._lock.release()
            return 0  # a signal handler came by while this very thread was draining
        self._draining = True
        try:
            pending, pop = self.pending, self.pending.popleft
            done = 0
            # Callers may be faster than we are: at some point let others have their turn.
            end = self.limit if batches is None else batches * BATCH
            while done < end and (count := min(len(pending), BATCH)):
                self._process([pop() for _ in range(count)])
                done += count
            if self._dropped != self._dropped_told:
                self._tell_drops()
            return done
        finally:
            self._draining = False
            self._lock.release()

    def _offset(self) -> int:
        """Return what turns the performance counter into nanoseconds since 1970."""
        return int(self._clock.now().timestamp() * 1e6) * 1000 - perf_counter_ns()

    def _process(self, batch: list[Event]) -> None:
        offset = self._offset()
        tail = f',"pid":{os.getpid()}}}\n'
        # Bits of lines, joined once for the batch: making every line of its own costs a third more.
        parts: list[str] = []
        target: list[str] | None = None
        floor, stamp = 1 << 62, ""
        last_site: Site | None = None
        last_who: Any = None
        head = identity = middle = ""
        durations: list[int] = []
        add = durations.append
        touched: set[Site] = set()
        detailed = 0
        for site, who, started, ended, more in batch:
            duration = ended - started
            if site is not last_site or (site.follows and who is not last_who):
                last_site = site
                logger = _logger_of(site, who)
                head = site.head if logger is site.logger else site.head_for(logger)
                middle = ""
                touched.add(site)
                add = site.durations.append
                out = None if site.written else logger.call_lines
                if out is not target:
                    _join(parts, tail, target)
                    target = out
            if more is not None:
                detailed += 1
                if "sampled" not in more:
                    add(duration)
                if "error" in more and "frames" in more["error"]:
                    more["recent"] = self._before(who, ended, batch, offset)
                _join(parts, tail, target)
                self._process_more(site, who, duration, ended + offset, more)
                continue
            add(duration)
            if target is None:
                continue
            # One second more than since the second began: the first digit cut off leaves the leading zeros of the
            # rest, at half the price of a format.
            since = ended - floor
            if not _SECOND <= since < _TWO_SECONDS:
                second, since = divmod(ended + offset, _SECOND)
                since += _SECOND
                floor = ended - since
                stamp = f'{tail}{{"timestamp":"{encoding.second(second)}.'
            if who is not last_who:
                last_who, identity = who, encoding.identity(who)
                middle = ""
            if not middle:
                middle = f"{head}{identity}{encoding.OK}0." if site.timed else head + identity
            if duration < _SECOND:
                if site.timed:
                    parts += stamp, str(since)[1:7], middle, str(duration + _SECOND)[1:]
                else:
                    parts += stamp, str(since)[1:7], middle
            else:
                parts += stamp, str(since)[1:7], head, identity, encoding.OK, f"{duration / 1e9:.9f}"
        _join(parts, tail, target)
        if detailed:
            with self._count_lock:
                self._detailed -= detailed
        self._received += len(batch)
        self._ring.extend(batch)
        _summarise(touched)

    def _before(self, who: Any, ended: int, batch: list[Event], offset: int) -> list[dict[str, Any]]:
        """Return the last events of the same work that ended before this one, oldest first, in short."""
        origin = _origin(who)
        found: list[dict[str, Any]] = []
        for events in (batch, self._ring):
            for site, other, started, end, more in reversed(events):
                if end < ended and (other is who or _origin(other) == origin):
                    found.append(_in_short(site, end - started, end + offset, more))
                    if len(found) == RECENT:
                        return found[::-1]
        return found[::-1]

    def _process_more(self, site: Site, who: Any, duration: int, at: int, more: dict[str, Any]) -> None:
        """Bring an event with details into its final form; in place, since the ring keeps the same one."""
        logger = _logger_of(site, who)
        if more.get("outcome") == "error" and "sampled" not in more:
            site.errors += 1
        try:
            if more.get("with_state"):
                more["system_state"] = writer.state_for_errors()
            record = encoding.record(logger.name, site.event, site.name, who, duration, at, more)
            lines = logger.lines_for(record["level"])
            if lines is not None:
                lines.append(encoding.line(record))
        except Exception as error:  # noqa: BLE001 - one odd event must not cost the others of its batch
            writer.complain("diagnostics_event_lost", f"{type(error).__name__}: {error}")
            record = {"level": "ERROR", "logger": logger.name, "event": site.event, "name": site.name}
        more.clear()
        more["record"] = record

    def _tell_drops(self) -> None:
        dropped, self._dropped_told = self._dropped - self._dropped_told, self._dropped
        at = perf_counter_ns() + self._offset()
        message = f"{dropped} events dropped: the queue was full"
        more = {"level": "WARNING", "message": message, "dropped": dropped}
        record = encoding.record("diagnostics", "dropped", "flight_recorder", None, 0, at, more)
        targets = [site.logger.lines_for("WARNING") for site in self._sites]
        for lines in {id(lines): lines for lines in targets if lines is not None}.values():
            lines.append(encoding.line(record))
        writer.complain("diagnostics_events_dropped", f"count={dropped}")

    # ------------------------------------------------------------ for those who read

    def snapshot(self) -> list[dict[str, Any]]:
        """Return the recent events, oldest first, with the keys of the JSON lines."""
        return self._events(None)

    def recent(self, seconds: float) -> list[dict[str, Any]]:
        """Return the events that ended within the last ``seconds``, oldest first."""
        return self._events(perf_counter_ns() - int(seconds * 1e9))

    def _events(self, since: int | None) -> list[dict[str, Any]]:
        self.drain()
        with self._lock:
            events = [event for event in list(self._ring) if since is None or event[3] >= since]
        offset = self._offset()
        return [
            dict(more["record"])
            if more is not None
            else encoding.record(
                _logger_of(site, who).name,
                site.event, site.name, who, ended - started, ended + offset, {"outcome": "ok"} if site.timed else {},
            )
            for site, who, started, ended, more in events
        ]  # fmt: skip

    def baseline(self, until: datetime | None = None) -> dict[str, Any]:
        """Return by name what was normal up to a moment (the onset) or now: counts, errors, durations.

        Slots are 15 s long; one that the moment falls into is left out. Moments that lie further back than
        ten minutes see only what is older than that as a whole, or nothing.
        """
        self.drain()
        index = None if until is None else self._slot_at(until)
        with self._lock:
            names = {name: history.up_to(index) for name, history in list(self._histories.items())}
        end = until or self._clock.now()
        return {
            "recorded_from": self._began.isoformat(),
            "recorded_until": end.astimezone(UTC).isoformat(),
            "names": {name: summary(slot) for name, slot in names.items() if slot.count},
        }

    def recently(self, seconds: float = 60.0) -> dict[str, dict[str, Any]]:
        """Return the same summaries as ``baseline``, of the slots of the last ``seconds``."""
        self.drain()
        index = int(perf_counter_ns() - seconds * 1e9) // (SLOT_SECONDS * _SECOND)
        with self._lock:
            names = {name: history.since(index) for name, history in list(self._histories.items())}
        return {name: summary(slot) for name, slot in names.items() if slot.count}

    def total(self, name: str) -> Slot:
        """Return all that is known of one name."""
        self.drain()
        with self._lock:
            history = self._histories.get(name)
            return Slot(-1) if history is None else history.up_to(None)

    def totals(self) -> dict[str, Slot]:
        """Return all that is known of every name that was called."""
        self.drain()
        with self._lock:
            found = {name: history.whole() for name, history in list(self._histories.items())}
        return {name: slot for name, slot in found.items() if slot.count}

    def _slot_at(self, moment: datetime) -> int:
        nanoseconds = int(moment.timestamp() * 1e6) * 1000 - self._offset()
        return nanoseconds // (SLOT_SECONDS * _SECOND)

    def counts(self) -> dict[str, int]:
        """Return how many events were received, dropped and still wait."""
        return {"received": self._received, "dropped": self._dropped, "waiting": len(self.pending)}

    def clear(self) -> None:
        """Forget everything that was recorded; places stay known."""
        self.drain()
        with self._lock:
            self._ring.clear()
            for history in self._histories.values():
                history.clear()
            self._began = self._clock.now()

    def after_fork(self) -> None:
        """Start anew in a child: what waited belongs to the parent, what was normal stays known."""
        self._lock = threading.RLock()
        self._count_lock = threading.RLock()
        self.pending.clear()
        self._detailed = 0
        self._draining = False
        for site in self._sites:
            site.durations.clear()
            site.errors = 0

    def settings_changed(self, logger: DiagnosticLogger) -> None:
        """Bring what a logger has been told since to its places."""
        for site in list(self._sites):
            if site.logger is logger:
                site.read_settings()


def _summarise(touched: set[Site]) -> None:
    """Bring the durations of these places to what is known of them, and learn what is slow there."""
    slot = perf_counter_ns() // (SLOT_SECONDS * _SECOND)
    for site in touched:
        if site.history is not None:
            site.history.add(slot, site.durations, site.errors)
            if site.slow_slot != slot and site.logger.slow_seconds is None:
                site.slow_slot = slot
                site.slow_ns = slow_after(site.history.last_full(slot))
        site.durations.clear()
        site.errors = 0


def _join(parts: list[str], tail: str, target: list[str] | None) -> None:
    """Bring the bits of whole lines, each of which begins with the end of the line before, to where lines go."""
    if parts and target is not None:
        parts[0] = parts[0][len(tail) :]
        parts.append(tail)
        target.append("".join(parts))
        parts.clear()


def _origin(who: Any) -> Any:
    return who if who is None or isinstance(who, int | Bound) else who.origin


def _in_short(site: Site, duration: int, at: int, more: dict[str, Any] | None) -> dict[str, Any]:
    """Return an event as one of the steps that led to an error."""
    short: dict[str, Any] = {"timestamp": encoding.timestamp(at), "event": site.event}
    if site.name:
        short["name"] = site.name
    known = ({"outcome": "ok"} if site.timed else {}) if more is None else more.get("record", more)
    if "outcome" in known:
        short["duration_seconds"], short["outcome"] = duration / 1e9, known["outcome"]
    if "message" in known:
        short["message"] = shorten(redact(known["message"][: 4 * MESSAGE_IN_SHORT]), MESSAGE_IN_SHORT)
    return short


def _logger_of(site: Site, who: Any) -> DiagnosticLogger:
    logger: DiagnosticLogger | None = getattr(who, "logger", None) if site.follows else None
    return site.logger if logger is None else logger
