"""Events that are safe when the call returns: lines handed to the kernel at once, or a ring that survives the process.

Both cost the caller more than the queue does (see docs/reference/instrumentation.md), so they are asked for.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diagnostics.core_diagnostics import encoding, writer
from diagnostics.core_diagnostics.sinks import FileSink

if TYPE_CHECKING:
    from diagnostics.core_diagnostics.black_box import BlackBox
    from diagnostics.core_diagnostics.logger import DiagnosticLogger
    from diagnostics.core_diagnostics.recorder import Event, Site

_SECOND = 1_000_000_000


class Durable:
    """Stands between the places of one logger and the queue.

    Args:
        logger: Whose events.
        sync: Write lines before the call returns.
        black_box: Folder of the ring in shared memory.
    """

    def __init__(self, logger: DiagnosticLogger, *, sync: bool, black_box: str | Path | None) -> None:
        self.logger = logger
        self.sync = sync
        self.box: BlackBox | None = None
        #: Performance counter at which a second began, and that second as text: together, for threads share it.
        self.second: tuple[int, str] = (1 << 62, "")
        self.tail = _tail()
        if black_box is not None:
            from diagnostics.core_diagnostics.black_box import BlackBox

            try:
                self.box = BlackBox(black_box)
            except (OSError, ValueError) as error:
                writer.complain("diagnostics_black_box_not_opened", f"folder={black_box} error={error}")
        _all.append(self)

    def take_over(self, site: Site) -> None:
        """Put ourselves between a place and the queue."""
        site.written = self.sync
        box = self.box
        if self.sync:
            self._write_at_once(site)
        elif box is not None:
            enqueue, record, name = site.put, box.record, site.name
            number = box.number(name) if name else 0

            def put(event: Event) -> None:
                record(number, event)
                enqueue(event)

            site.put = put
        offer = site.offer

        def offer_safely(event: Event) -> None:
            if box is not None:
                box.tell(site, event)
            offer(event)
            if self.sync:
                writer.pump(1.0)

        site.offer = offer_safely

    def _write_at_once(self, site: Site) -> None:
        enqueue, box, durable, number = site.put, self.box, self, 0
        if box is not None and site.name:
            number = box.number(site.name)
        known: Any = None
        middle = ""

        def put(event: Event) -> None:
            # As in FlightRecorder._process, one line at a time. Two threads may change `known` and `middle` in turn:
            # each uses its own copy.
            nonlocal known, middle
            if box is not None:
                box.record(number, event)
            _, who, started, ended, _ = event
            logger = site.logger
            if site.follows:
                logger = getattr(who, "logger", None) or logger
            if logger.call_lines is not None:
                began, stamp = durable.second
                since = ended - began
                if not 0 <= since < _SECOND:
                    since, stamp = durable.begin_second(site, ended)
                mine = middle
                if who is not known or site.follows:
                    head = site.head if logger is site.logger else site.head_for(logger)
                    mine = head + encoding.identity(who) + (encoding.OK if site.timed else "")
                    known, middle = None, mine
                    known = who
                took = f"{(ended - started) / 1e9:.9f}" if site.timed else ""
                line = f"{stamp}{str(since + _SECOND)[1:7]}{mine}{took}{durable.tail}"
                for sink in logger.sinks:
                    if isinstance(sink, FileSink):
                        sink.write_at_once(line)
                    else:
                        sink.lines.append(line)
            enqueue(event)

        site.put = put

    def begin_second(self, site: Site, ended: int) -> tuple[int, str]:
        """Return how far into its second a moment is, and that second as the beginning of a line."""
        offset = site.logger.recorder._offset()  # noqa: SLF001 - the recorder's clock tells the time of its lines
        second, since = divmod(ended + offset, _SECOND)
        stamp = f'{{"timestamp":"{encoding.second(second)}.'
        self.second = (ended - since, stamp)
        return since, stamp

    def after_fork(self) -> None:
        """Have a ring of our own in a child, whose calls must not overwrite the parent's."""
        self.tail = _tail()
        if self.box is not None:
            self.box.after_fork()

    def close(self) -> None:
        """Give the ring back; its file stays."""
        if self in _all:
            _all.remove(self)


def _tail() -> str:
    return f',"pid":{os.getpid()}}}\n'


_all: list[Durable] = []


def _after_fork_in_child() -> None:
    for durable in _all:
        durable.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
