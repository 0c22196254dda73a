"""DiagnosticLogger: events with fields and a correlation id, as JSON lines written off the caller's path."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from time import perf_counter_ns
from typing import IO, TYPE_CHECKING, Any, TypeVar

from diagnostics.core_diagnostics import writer
from diagnostics.core_diagnostics.capture import capture_error, freeze, freeze_mapping
from diagnostics.core_diagnostics.correlation import CURRENT, Bound, begin
from diagnostics.core_diagnostics.recorder import FlightRecorder, Site
from diagnostics.core_diagnostics.sinks import Sink, StreamSink, open_file, release
from diagnostics.errors import ConfigurationError

if TYPE_CHECKING:
    from diagnostics.core_diagnostics.durable import Durable
    from diagnostics.core_diagnostics.validation import Expected, Validator

T = TypeVar("T")

LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}

#: What every logger records into unless it is given a recorder of its own.
flight_recorder = FlightRecorder()


class _SharedLines(list[str]):
    """Lines for several sinks: what is appended goes to each of them."""

    def __init__(self, sinks: Iterable[Sink]) -> None:
        super().__init__()
        self._targets = [sink.lines for sink in sinks]

    def append(self, line: str) -> None:
        for target in self._targets:
            target.append(line)


def level_number(level: str | int) -> int:
    """Return the number of a level, as standard logging has them.

    Raises:
        ConfigurationError: No such level.
    """
    if isinstance(level, int):
        return level
    number = LEVELS.get({"WARN": "WARNING", "FATAL": "CRITICAL"}.get(level.upper(), level.upper()))
    if number is None:
        raise ConfigurationError(f"There is no level {level!r}.", hint=f"Choose one of {', '.join(LEVELS)}.")
    return number


def _share(ratio: float) -> float:
    if not 0 <= ratio <= 1:
        raise ConfigurationError(f"The sampling ratio {ratio!r} is not between 0 and 1.")
    return ratio


class DiagnosticLogger:
    """Makes diagnostic events and brings them to a file, a stream, other sinks, and the flight recorder.

    Without a file, stream or sink the events are kept in the flight recorder only. The calls cost the caller
    little: lines are made and written on a daemon thread, and whatever fails there never reaches the caller.

    Args:
        name: Says in each line who speaks; usually the service.
        log_file: File for JSON lines, appended to; its folder is made when it is missing.
        level: Least level that is written (the flight recorder gets everything).
        stream: Text stream for JSON lines.
        sinks: Further sinks of one's own.
        recorder: Flight recorder of one's own instead of the process-wide one.
        enabled: False switches everything off; can be changed later.
        sampling: Share of the work, 0 to 1, whose calls and blocks are recorded; can be changed later. Messages and
            errors are told all the same. The outermost call decides for everything inside.
        slow_seconds: A call that takes longer is a warning with its arguments; can be changed later. None learns
            from each name's own history, and tells what is four times slower than almost all calls before.
        sync: Hand every line to the operating system before the call returns, at some microseconds a call.
        black_box: Folder for a ring of the last calls in shared memory, which survives the death of the process
            (``read_black_box``).
    """

    def __init__(
        self,
        name: str,
        log_file: str | Path | None = None,
        *,
        level: str | int = "INFO",
        stream: IO[str] | None = None,
        sinks: Iterable[Sink] = (),
        recorder: FlightRecorder | None = None,
        enabled: bool = True,
        sampling: float = 1.0,
        slow_seconds: float | None = None,
        sync: bool = False,
        black_box: str | Path | None = None,
    ) -> None:
        self.name = name
        self.recorder = flight_recorder if recorder is None else recorder
        self.sites: dict[str, Site] = {}
        #: Places of blocks by name.
        self.blocks: dict[str, Site] = {}
        self._level = level_number(level)
        #: Whether nothing is recorded or written at all.
        self.off = not enabled
        self._sampling = _share(sampling)
        self._slow_seconds = slow_seconds
        #: Wraps functions, and opens blocks, for somebody else as well (integrations.opentelemetry).
        self.around: Callable[[Any, str], Any] | None = None
        self.around_block: Callable[[str], Any] | None = None
        #: Brings events to where a crash does not reach them, on the caller's thread.
        self.durable: Durable | None = None
        self._sinks: tuple[Sink, ...] = ()
        self._lines: list[str] | None = None
        #: Where lines about calls that went well go; None when nobody wants them.
        self.call_lines: list[str] | None = None
        given: list[Sink] = [] if log_file is None else [open_file(log_file)]
        if stream is not None:
            given.append(StreamSink(stream))
        self._use((*given, *sinks))
        if sync or black_box is not None:
            from diagnostics.core_diagnostics.durable import Durable

            self.durable = Durable(self, sync=sync, black_box=black_box)
        self._messages = Site(self, "log", "", history=None)

    def __repr__(self) -> str:
        return f"DiagnosticLogger({self.name!r})"

    def _use(self, sinks: tuple[Sink, ...]) -> None:
        for sink in sinks:
            writer.add_sink(sink)
        self._sinks = sinks
        self._lines = None if not sinks else sinks[0].lines if len(sinks) == 1 else _SharedLines(sinks)
        self.call_lines = self._lines if self._level <= LEVELS["INFO"] else None

    # ------------------------------------------------------------ settings

    @property
    def level(self) -> int:
        """Least level that is written."""
        return self._level

    @level.setter
    def level(self, level: str | int) -> None:
        self._level = level_number(level)
        self._use(self._sinks)

    @property
    def enabled(self) -> bool:
        """Whether anything is recorded or written at all."""
        return not self.off

    @enabled.setter
    def enabled(self, enabled: bool) -> None:
        self.off = not enabled
        self.recorder.settings_changed(self)

    @property
    def sampling(self) -> float:
        """Share of the work whose calls are recorded, 0 to 1."""
        return self._sampling

    @sampling.setter
    def sampling(self, ratio: float) -> None:
        self._sampling = _share(ratio)
        self.recorder.settings_changed(self)

    @property
    def slow_seconds(self) -> float | None:
        """What a call may take before it is told with its arguments; None: learnt from each name's history."""
        return self._slow_seconds

    @slow_seconds.setter
    def slow_seconds(self, seconds: float | None) -> None:
        self._slow_seconds = seconds
        self.recorder.settings_changed(self)

    @property
    def sinks(self) -> tuple[Sink, ...]:
        """Where its lines go."""
        return self._sinks

    def add_sink(self, sink: Sink) -> None:
        """Bring the lines to one place more."""
        self._use((*self._sinks, sink))

    def lines_for(self, level: str) -> list[str] | None:
        """Return where lines of this level go; None when they are not wanted."""
        return self._lines if LEVELS.get(level, 20) >= self._level else None

    def site(self, event: str, name: str, *, follows: bool = False) -> Site:
        """Return the place of this name, made when it is first asked for."""
        key = f"{event}:{name}"
        site = self.sites.get(key)
        if site is None:
            site = self.recorder.site(self, event, name, follows=follows)
            if len(self.sites) < 2000:  # names made of ids must not fill the memory
                site = self.sites.setdefault(key, site)
        return site

    def block_site(self, name: str) -> Site:
        """Return the place of a block, made when it is first asked for."""
        site = self.site("block", name)
        if len(self.blocks) < 2000:
            self.blocks[name] = site
        return site

    # ------------------------------------------------------------ events

    def log(
        self, level: str | int, event: str, *args: object, error: BaseException | None = None, **fields: Any
    ) -> None:
        """Make an event; ``args`` go into the text as in standard logging, ``fields`` beside it."""
        if self.off:
            return
        try:
            number = level_number(level)
            name = next((known for known, value in reversed(LEVELS.items()) if number >= value), "DEBUG")
            message = str(event)
            if args:
                message = message % tuple(
                    item if isinstance(item, int | float | str) else freeze(item) for item in args
                )
            more: dict[str, Any] = {
                "level": name,
                "message": message,
                "thread": threading.current_thread().name,
            }
            if fields:
                more["fields"] = freeze_mapping(fields)
            if error is not None:
                more["error"] = capture_error(error, detail=True)
                more["with_state"] = True
            self.emit(self._messages, more)
            if number >= LEVELS["ERROR"]:
                writer.wake()
        except ConfigurationError:
            raise
        except Exception as failure:  # noqa: BLE001 - our own failure must not become the host's
            writer.complain("diagnostics_event_lost", f"{type(failure).__name__}: {failure}")

    def debug(self, event: str, *args: object, **fields: Any) -> None:
        """Make an event of level DEBUG."""
        self.log("DEBUG", event, *args, **fields)

    def info(self, event: str, *args: object, **fields: Any) -> None:
        """Make an event of level INFO."""
        self.log("INFO", event, *args, **fields)

    def warning(self, event: str, *args: object, **fields: Any) -> None:
        """Make an event of level WARNING."""
        self.log("WARNING", event, *args, **fields)

    def error(self, event: str, *args: object, **fields: Any) -> None:
        """Make an event of level ERROR."""
        self.log("ERROR", event, *args, **fields)

    def critical(self, event: str, *args: object, **fields: Any) -> None:
        """Make an event of level CRITICAL."""
        self.log("CRITICAL", event, *args, **fields)

    def exception(self, event: str, *args: object, **fields: Any) -> None:
        """Make an event of level ERROR about the exception that is being handled."""
        import sys

        self.log("ERROR", event, *args, error=sys.exc_info()[1], **fields)

    def emit(self, site: Site, more: dict[str, Any], *, seconds: float = 0.0) -> None:
        """Make an event at a place, here and now, with the identity of the work that is going on.

        Args:
            site: The place.
            more: What there is to say.
            seconds: How long it took until now, for what has an outcome.
        """
        who = CURRENT.get()
        if who is None:
            who = begin()
        elif not isinstance(who, int | Bound):
            who = who.origin
        now = perf_counter_ns()
        site.offer((site, who, now - int(seconds * 1e9), now, more))

    def log_system_state(self, checkpoint: str = "SYSTEM_CHECK") -> dict[str, Any]:
        """Make an event with the state of process and host; return the state."""
        from diagnostics.core_diagnostics.state import log_system_state

        return log_system_state(checkpoint, logger=self)

    def debug_context(self, func_name: str, local_vars: Mapping[str, Any], step: str) -> None:
        """Make an event of level DEBUG with local variables at a step of a function."""
        from diagnostics.core_diagnostics.state import debug_context

        debug_context(func_name, local_vars, step, logger=self)

    def validate_data(
        self,
        data: T,
        checkpoint: str,
        *,
        expected: Expected | None = None,
        validator: Validator | None = None,
    ) -> T:
        """Check data and make an event of its shape; return it. See ``diagnostics.validate_data``."""
        from diagnostics.core_diagnostics.validation import validate_data

        return validate_data(data, checkpoint, expected=expected, validator=validator, logger=self)

    def validate_data_integrity(self, data: T, checkpoint_name: str) -> T:
        """Check data and make an event of its shape; the older name of ``validate_data``."""
        return self.validate_data(data, checkpoint_name)

    # ------------------------------------------------------------ end

    def flush(self, timeout: float = 5.0) -> None:
        """Return when everything that was logged before has been handed to the operating system."""
        writer.pump(timeout)

    def close(self) -> None:
        """Write what waits and give the files back; later events go to the flight recorder only."""
        writer.pump(5.0)
        if self.durable is not None:
            self.durable.close()
        sinks, self._sinks = self._sinks, ()
        self._use(())
        release(sinks)


_default: DiagnosticLogger | None = None
_default_lock = threading.Lock()


def default_logger() -> DiagnosticLogger:
    """Return the logger for code that names none: it writes to the flight recorder only."""
    global _default
    if _default is None:
        with _default_lock:
            if _default is None:
                _default = DiagnosticLogger("diagnostics")
    return _default


def active_logger() -> DiagnosticLogger:
    """Return the logger of the innermost ``diagnostic_context``, else the default one."""
    logger: DiagnosticLogger | None = getattr(CURRENT.get(), "logger", None)
    return default_logger() if logger is None else logger
