"""Where lines go: a file, a stream, standard logging. A failing sink never raises: it counts and retries."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from pathlib import Path
from time import monotonic
from typing import IO, Any, Protocol

from diagnostics.core_diagnostics import writer

#: Lines that a failing sink keeps for later, in bytes.
BACKLOG_BYTES = 4 * 1024 * 1024
FIRST_RETRY_SECONDS = 1.0
LAST_RETRY_SECONDS = 30.0
REOPEN_CHECK_SECONDS = 1.0


class Sink(Protocol):
    """Takes finished JSON lines; ``lines`` is filled by the recorder, ``flush`` brings them out.

    Each text in ``lines`` is one line or several, and ends with a line feed.
    """

    lines: list[str]

    def flush(self) -> None: ...

    def close(self) -> None: ...

    def after_fork(self) -> None: ...


def taken(lines: list[str]) -> list[str]:
    """Take all lines out of the list; ones that another thread adds meanwhile stay in it."""
    count = len(lines)
    result = lines[:count]
    del lines[:count]
    return result


class FileSink:
    """Appends whole batches to a file, which may be moved away by a log rotation at any time.

    Attributes:
        dropped_bytes: What was lost because the file could not be written for too long.
        failures: How often opening or writing failed.
        last_error: The last failure in words; empty when the file is well.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links that rotation moves
        self.lines: list[str] = []
        self.dropped_bytes = 0
        self.failures = 0
        self.last_error = ""
        self._descriptor: int | None = None
        self._inode: tuple[int, int] = (0, 0)
        self._waiting = bytearray()
        self._torn = False
        self._retry_at = 0.0
        self._pause = FIRST_RETRY_SECONDS
        self._checked_at = 0.0
        self._lock = threading.Lock()

    def flush(self) -> None:
        """Write what there is; on failure keep it for later, as much as the backlog holds."""
        if not self._lock.acquire(timeout=1.0):
            return  # somebody is at it and the disk hangs, or a signal handler closes what it interrupted
        try:
            while self.lines:
                self._write("".join(taken(self.lines)))
            if self._waiting:
                self._write("")
        finally:
            self._lock.release()

    def write_at_once(self, line: str) -> None:
        """Hand one line to the kernel now; what cannot be written waits with the others."""
        if not self._lock.acquire(blocking=False):
            self.lines.append(line)  # another thread is at it, or a signal handler came by: its flush takes ours along
            self.flush()
            return
        try:
            self._write(line)
        finally:
            self._lock.release()

    def _write(self, text: str) -> None:
        """Write what waits and this text; ``_waiting`` stays empty, and nothing is copied, while all goes well."""
        data = text.encode("utf-8", "backslashreplace")
        if self._waiting or self._retry_at:
            self._waiting += data
            if monotonic() >= self._retry_at:
                self._write_waiting()
            if len(self._waiting) > BACKLOG_BYTES:
                self._shorten()
            return
        try:
            written = os.write(self._open(), data)
        except OSError as error:
            self._waiting += data
            self._failed(error)
        else:
            if written < len(data):
                self._torn = data[written - 1] != 0x0A
                self._waiting += data[written:]
                self._write_waiting()

    def _write_waiting(self) -> None:
        try:
            descriptor = self._open()
            while self._waiting:
                written = os.write(descriptor, self._waiting)
                self._torn = self._waiting[written - 1] != 0x0A
                del self._waiting[:written]
        except OSError as error:
            self._failed(error)
        else:
            self.last_error = ""
            self._retry_at, self._pause = 0.0, FIRST_RETRY_SECONDS

    def _failed(self, error: OSError) -> None:
        self.failures += 1
        self.last_error = f"{self.path}: {error.strerror or error}"
        self._retry_at = monotonic() + self._pause
        self._pause = min(2 * self._pause, LAST_RETRY_SECONDS)
        self._close()
        writer.complain(f"diagnostics_log_not_written path={self.path}", f"error={error.strerror or error}")

    def _open(self) -> int:
        now = monotonic()
        if self._descriptor is not None and now - self._checked_at > REOPEN_CHECK_SECONDS:
            self._checked_at = now
            try:
                there = self.path.stat()
            except OSError:
                self._close()
            else:
                if (there.st_dev, there.st_ino) != self._inode:
                    self._close()
        if self._descriptor is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o640)
            opened = os.fstat(descriptor)
            self._descriptor, self._inode = descriptor, (opened.st_dev, opened.st_ino)
            self._checked_at = now
        return self._descriptor

    def _shorten(self) -> None:
        """Drop the oldest whole lines until half of the backlog is free."""
        cut = self._waiting.find(b"\n", len(self._waiting) - BACKLOG_BYTES // 2)
        cut = len(self._waiting) if cut < 0 else cut + 1
        self.dropped_bytes += cut
        del self._waiting[:cut]
        if self._torn:
            # Half a line is on disk already; end it, so that the next one can be read. It stays torn until that is
            # written: the next shortening would take the line feed away again.
            self._waiting[:0] = b"\n"

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            try:
                os.close(descriptor)
            except OSError:
                pass

    def close(self) -> None:
        """Write what there is and give the file back."""
        self.flush()
        with self._lock:
            self._close()

    def after_fork(self) -> None:
        """Forget what the parent will write; the open file, which appends, is shared safely."""
        self._lock = threading.Lock()
        self.lines.clear()
        self._waiting.clear()
        self._torn = False


class StreamSink:
    """Writes to a text stream, such as ``sys.stderr``; closing does not close the stream."""

    def __init__(self, stream: IO[str]) -> None:
        self.stream = stream
        self.lines: list[str] = []
        self.failures = 0
        self.last_error = ""
        self._lock = threading.Lock()

    def flush(self) -> None:
        """Write what there is; lines that a broken stream does not take are dropped."""
        with self._lock:
            lines = taken(self.lines)
            if not lines:
                return
            try:
                self.stream.write("".join(lines))
                self.stream.flush()
            except Exception as error:  # noqa: BLE001 - somebody else's stream (closed, broken pipe, odd encoding)
                self.failures += 1
                self.last_error = f"{type(error).__name__}: {error}"
                writer.complain("diagnostics_stream_not_written", self.last_error)

    def close(self) -> None:
        """Write what there is."""
        self.flush()

    def after_fork(self) -> None:
        """Forget what the parent will write."""
        self._lock = threading.Lock()
        self.lines.clear()


#: Tells our own handler which records began as our events.
_OURS = {"from_diagnostics": True}


class LoggingSink:
    """Hands every line to a standard logger, at the line's own level, on the writer thread."""

    def __init__(self, logger: Any) -> None:
        self.logger = logger
        self.lines: list[str] = []
        self._lock = threading.Lock()

    def flush(self) -> None:
        """Hand over what there is."""
        import logging

        with self._lock:
            lines = "".join(taken(self.lines)).split("\n")[:-1]
        for line in lines:
            level = line.partition('"level":"')[2].partition('"')[0]
            try:
                self.logger.log(logging.getLevelNamesMapping().get(level, logging.INFO), "%s", line, extra=_OURS)
            except Exception as error:  # noqa: BLE001 - a handler of the host's that fails is theirs to repair
                writer.complain("diagnostics_logging_sink_failed", f"{type(error).__name__}: {error}")

    def close(self) -> None:
        """Hand over what there is."""
        self.flush()

    def after_fork(self) -> None:
        """Forget what the parent will hand over."""
        self._lock = threading.Lock()
        self.lines.clear()


_files: dict[Path, tuple[FileSink, int]] = {}
_files_lock = threading.Lock()


def _new_lock() -> None:
    global _files_lock
    _files_lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_new_lock)


def open_file(path: str | Path) -> FileSink:
    """Return the one sink of this file; loggers that name the same file share it."""
    sink = FileSink(path)
    with _files_lock:
        shared, users = _files.get(sink.path, (sink, 0))
        _files[sink.path] = (shared, users + 1)
    writer.add_sink(shared)
    return shared


def release(sinks: Iterable[Sink]) -> None:
    """Close the sinks that nobody else uses."""
    for sink in sinks:
        if isinstance(sink, FileSink):
            with _files_lock:
                _, users = _files.get(sink.path, (sink, 1))
                if users > 1:
                    _files[sink.path] = (sink, users - 1)
                    sink.flush()
                    continue
                _files.pop(sink.path, None)
        writer.remove_sink(sink)
        sink.close()
