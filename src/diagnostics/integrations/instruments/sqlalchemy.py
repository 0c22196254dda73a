"""SQLAlchemy: times of queries, waits for a connection of the pool, and who holds each connection, with the line of code."""

from __future__ import annotations

import hashlib
import re
import threading
from dataclasses import dataclass
from functools import wraps
from time import monotonic, perf_counter
from typing import Any
from weakref import ref

from diagnostics.core_diagnostics import writer
from diagnostics.core_diagnostics.correlation import current_correlation_id
from diagnostics.core_diagnostics.logger import DiagnosticLogger
from diagnostics.integrations.instruments.events import emit
from diagnostics.integrations.instruments.places import calling_line

_LITERAL = re.compile(r"'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b")
_LIST = re.compile(r"\((?:\s*(?:\?|%s|%\(\w+\)s|:\w+|\$\d+)(?:::\w+)?\s*,?)+\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who has a connection of the pool at present.

    Attributes:
        line: ``file:line function`` of the application that asked for it.
        thread: Name of that thread.
        correlation_id: Of the work it belongs to; None outside any.
        held_seconds: For how long.
    """

    line: str
    thread: str
    correlation_id: str | None
    held_seconds: float


class EngineWatch:
    """Listens to an engine (of an ``AsyncEngine`` to its ``sync_engine``).

    Events: ``query`` by statement without its values; ``pool.wait`` for every checkout. ``holders()`` answers at any time.

    Args:
        engine: The engine.
        logger: Who logs.
    """

    def __init__(self, engine: Any, logger: DiagnosticLogger) -> None:
        from sqlalchemy import event

        self.engine = getattr(engine, "sync_engine", engine)
        self.logger = logger
        self._lock = threading.Lock()
        self._held: dict[int, tuple[ref[Any], str, str, str | None, float]] = {}
        self._names: dict[str, str] = {}
        self._listeners: list[tuple[Any, str, Any]] = [
            (self.engine, "before_cursor_execute", self._begin),
            (self.engine, "after_cursor_execute", self._end),
            (self.engine, "handle_error", self._fail),
            (self.engine, "checkout", self._checkout),
            (self.engine, "checkin", self._checkin),
        ]
        for target, name, listener in self._listeners:
            event.listen(target, name, listener)
        self._watch_waits()

    def _watch_waits(self) -> None:
        """Time how long the pool lets its callers wait: no event of SQLAlchemy tells when the waiting begins."""
        pool = self.engine.pool
        self._pool, self._connect = pool, pool.connect
        connect = pool.connect

        @wraps(connect)
        def timed(*args: Any, **kwargs: Any) -> Any:
            began = perf_counter()
            try:
                connection = connect(*args, **kwargs)
            except BaseException as error:
                self._waited(perf_counter() - began, error)
                raise
            self._waited(perf_counter() - began, None)
            return connection

        pool.connect = timed

    def _waited(self, seconds: float, error: BaseException | None) -> None:
        fields = {"line": calling_line(), "pool": self._pool.status()} if seconds > 0.01 or error else None
        if error is not None and fields is not None:
            fields["holders"] = [f"{one.line} ({one.held_seconds:.1f} s, {one.thread})" for one in self.holders()[:10]]
        level = "INFO" if error is None else "ERROR"
        emit(self.logger, "pool.wait", "sqlalchemy.pool", seconds=seconds, level=level, error=error, fields=fields)

    # ------------------------------------------------------------ queries

    def _begin(self, connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if context is not None:
            context._diagnostics_began = perf_counter()  # noqa: SLF001 - ours

    def _end(self, connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        began = getattr(context, "_diagnostics_began", None)
        if began is not None:
            emit(self.logger, "query", self._name(statement), seconds=perf_counter() - began)

    def _fail(self, context: Any) -> None:
        began = getattr(context.execution_context, "_diagnostics_began", None)
        if began is not None and context.statement:
            emit(
                self.logger,
                "query",
                self._name(context.statement),
                seconds=perf_counter() - began,
                level="ERROR",
                error=context.original_exception,
                fields={"line": calling_line()},
            )

    def _name(self, statement: str) -> str:
        name = self._names.get(statement)
        if name is None:
            text = _LIST.sub("(…)", _LITERAL.sub("?", " ".join(statement.split())))
            name = text if len(text) <= 200 else f"{text[:180]}… {hashlib.sha256(text.encode()).hexdigest()[:8]}"
            if len(self._names) < 2000:
                self._names[statement] = name
        return name

    # ------------------------------------------------------------ who holds

    def _checkout(self, connection: Any, record: Any, proxy: Any) -> None:
        try:
            held = (ref(record), calling_line(), threading.current_thread().name, current_correlation_id(), monotonic())
            with self._lock:
                self._held[id(record)] = held
        except Exception as error:  # noqa: BLE001 - our own failure must not cost the host its connection
            writer.complain("diagnostics_checkout_not_seen", f"{type(error).__name__}: {error}")

    def _checkin(self, connection: Any, record: Any) -> None:
        with self._lock:
            self._held.pop(id(record), None)

    def holders(self) -> list[Holder]:
        """Return who holds connections now, the longest first."""
        now = monotonic()
        with self._lock:
            held = [one for one in self._held.values() if one[0]() is not None]
        found = [
            Holder(line=line, thread=thread, correlation_id=correlation_id, held_seconds=now - since)
            for _, line, thread, correlation_id, since in held
        ]
        return sorted(found, key=lambda one: -one.held_seconds)

    def close(self) -> None:
        """Stop listening."""
        from sqlalchemy import event

        for target, name, listener in self._listeners:
            event.remove(target, name, listener)
        self._listeners = []
        self._pool.connect = self._connect


def watch_engine(engine: Any, logger: DiagnosticLogger) -> EngineWatch:
    """Listen to an engine from now on."""
    return EngineWatch(engine, logger)
