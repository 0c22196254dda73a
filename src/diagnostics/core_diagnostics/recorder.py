"""The flight recorder: what happened lately and what was normal before, in bounded memory.

Callers append one tuple to a queue, which takes no lock. Whoever drains (the writer thread, or a reader of
the recorder) turns the tuples into aggregates, the ring of recent events, and lines for the sinks.
"""

from __future__ import annotations

import json
import os
import threading
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from diagnostics.core_diagnostics import encoding, writer
from diagnostics.core_diagnostics.aggregates import SLOT_SECONDS, History, Slot, summary
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock

if TYPE_CHECKING:
    from diagnostics.core_diagnostics.logger import DiagnosticLogger

#: Place, origin of the work, start, end (perf_counter_ns), and more than "it went well" (or None).
Event = tuple["Site", Any, int, int, dict[str, Any] | None]

OTHER = "(other)"
BATCH = 1024
_SECOND = 1_000_000_000


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
        "pending",
        "put",
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
        self.off = not logger.enabled
        # Copies, so that the fast path has one step less to go.
        self.pending = logger.recorder.pending
        self.put = logger.recorder.put
        self.limit = logger.recorder.limit
        self.durations: list[int] = []
        self.errors = 0
        self.last_detail = 0
        self.head = self.head_for(logger)

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

    def drain(self, timeout: float = 1.0, after_batch: Callable[[], None] | None = None) -> int:
        """Process what waits; return how many events that were.

        Args:
            timeout: How long to wait for somebody else who is draining.
            after_batch: Called between batches. Small batches stay in the processor's cache: a line that is
                written at once costs a fifth of one that waited with ten thousand others.
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
            while done < self.limit and (count := min(len(pending), BATCH)):
                self._process([pop() for _ in range(count)])
                done += count
                if after_batch is not None:
                    after_batch()
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
        tail = f',"outcome":"ok","pid":{os.getpid()}}}\n'
        second_began, stamp = 1 << 62, ""
        last_site: Site | None = None
        last_who: Any = None
        head = identity = ""
        durations: list[int] = []
        add = durations.append
        write: Callable[[str], None] | None = None
        touched: set[Site] = set()
        detailed = 0
        for site, who, started, ended, more in batch:
            duration = ended - started
            if site is not last_site or (site.follows and who is not last_who):
                last_site = site
                logger = _logger_of(site, who)
                out = logger.call_lines
                head = site.head if logger is site.logger else site.head_for(logger)
                touched.add(site)
                add = site.durations.append
                write = None if out is None else out.append
            add(duration)
            if more is not None:
                detailed += 1
                self._process_more(site, who, duration, ended + offset, more)
                continue
            if write is None:
                continue
            since = ended - second_began
            if not 0 <= since < _SECOND:
                second, since = divmod(ended + offset, _SECOND)
                second_began = ended - since
                stamp = f'{{"timestamp":"{encoding.second(second)}.'
            if who is not last_who:
                last_who, identity = who, encoding.identity(who)
            # Leading zeros by cutting the first digit off a larger number: half the price of a format.
            micro = str(since + _SECOND)[1:7]
            if duration < _SECOND:
                write(f"{stamp}{micro}{head}{identity}0.{str(duration + _SECOND)[1:]}{tail}")
            else:
                write(f"{stamp}{micro}{head}{identity}{duration / 1e9:.9f}{tail}")
        if detailed:
            with self._count_lock:
                self._detailed -= detailed
        self._received += len(batch)
        self._ring.extend(batch)
        slot = perf_counter_ns() // (SLOT_SECONDS * _SECOND)
        for site in touched:
            if site.history is not None:
                site.history.add(slot, site.durations, site.errors)
            site.durations.clear()
            site.errors = 0

    def _process_more(self, site: Site, who: Any, duration: int, at: int, more: dict[str, Any]) -> None:
        """Bring an event with details into its final form; in place, since the ring keeps the same one."""
        logger = _logger_of(site, who)
        if more.get("outcome") == "error":
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
                site.event, site.name, who, ended - started, ended + offset, {"outcome": "ok"},
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
            found = {name: history.up_to(None) for name, history in list(self._histories.items())}
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
                history.slots.clear()
                history.older = Slot(-1)
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

    def set_enabled(self, logger: DiagnosticLogger, *, enabled: bool) -> None:
        """Switch the places of a logger on or off."""
        for site in self._sites:
            if site.logger is logger:
                site.off = not enabled


def _logger_of(site: Site, who: Any) -> DiagnosticLogger:
    logger: DiagnosticLogger | None = getattr(who, "logger", None) if site.follows else None
    return site.logger if logger is None else logger
