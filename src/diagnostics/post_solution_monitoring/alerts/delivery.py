"""Delivery: one outbox for each receiver, so that one that hangs or fails delays no other."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from diagnostics.model.alert import MonitoringAlert
from diagnostics.plugins.protocols import AlertChannel
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock
from diagnostics.runtime.deadline import DeadlinePool, call_with_deadline
from diagnostics.runtime.redaction import redact

_log = logging.getLogger(__name__)

SEND_SECONDS = 10.0
RETRY_AFTER_SECONDS = (1.0, 5.0)
OUTBOX_SIZE = 1_000


class CallbackChannel:
    """A plain function as a channel."""

    def __init__(self, callback: Callable[[MonitoringAlert], object], name: str = "callback") -> None:
        self.name = name
        self._callback = callback

    def send(self, alert: MonitoringAlert, /) -> Any:
        return self._callback(alert)  # a coroutine, if it is one, is awaited by ``call_with_deadline``


class Outbox:
    """Alerts on their way to one channel, in order; each is tried again, then given up and said so.

    A function given by the user is called once only: it may have done half of its work.
    """

    def __init__(
        self,
        channel: AlertChannel,
        pool: DeadlinePool,
        *,
        clock: Clock = SYSTEM_CLOCK,
        retry_after_seconds: tuple[float, ...] | None = None,
    ) -> None:
        self.channel = channel
        self.delivered = 0
        self.failed = 0
        self.last_error = ""
        self._pool = pool
        self._clock = clock
        once = isinstance(channel, CallbackChannel)
        default: tuple[float, ...] = () if once else RETRY_AFTER_SECONDS
        self._retry_after = default if retry_after_seconds is None else retry_after_seconds
        self._waiting: deque[MonitoringAlert] = deque()
        self._changed = threading.Condition(threading.Lock())
        self._is_sending = False

    def put(self, alert: MonitoringAlert) -> None:
        """Send the alert soon, after those before it; returns at once."""
        with self._changed:
            if len(self._waiting) >= OUTBOX_SIZE:
                self._waiting.popleft()
                self._gave_up("the outbox is full")
            self._waiting.append(alert)
            if self._is_sending:
                return
            self._is_sending = True
        self._pool.start(self._drain, float("inf"))

    def wait_empty(self, seconds: float) -> bool:
        """Wait until all is sent or given up; return whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._is_sending, seconds)

    def _drain(self) -> None:
        while True:
            with self._changed:
                if not self._waiting:
                    self._is_sending = False
                    self._changed.notify_all()
                    return
                alert = self._waiting.popleft()
            self._send(alert)

    def _send(self, alert: MonitoringAlert) -> None:
        for wait in (*self._retry_after, None):
            try:
                call_with_deadline(self.channel.send, SEND_SECONDS, alert, pool=self._pool)
            except Exception as error:  # noqa: BLE001 - whatever a receiver raises must not stop the watching
                if wait is None:
                    self._gave_up(f"{type(error).__name__}: {redact(str(error))}")
                else:
                    self._clock.sleep(wait)
            else:
                self.delivered += 1
                return

    def _gave_up(self, reason: str) -> None:
        self.failed += 1
        self.last_error = reason
        _log.error("alert.delivery_failed", extra={"channel": self.channel.name, "reason": reason})
