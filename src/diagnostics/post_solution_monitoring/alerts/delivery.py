"""Delivery: one outbox for each receiver, so that one that hangs or fails delays no other."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from diagnostics.errors import DeliveryError
from diagnostics.model.alert import Delivery, MonitoringAlert
from diagnostics.plugins.protocols import AlertChannel
from diagnostics.post_solution_monitoring.history import History, MemoryHistory
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock
from diagnostics.runtime.deadline import DeadlinePool, call_with_deadline
from diagnostics.runtime.redaction import redact

_log = logging.getLogger(__name__)

SEND_SECONDS = 10.0
RETRY_AFTER_SECONDS = (1.0, 5.0, 15.0, 60.0, 120.0, 300.0, 600.0, 600.0, 600.0)
"""A receiver that is away for half an hour (an upgrade, a broken line) gets its notices all the same."""
LONGEST_WAIT_SECONDS = 3600.0
"""A receiver that asks for more patience than this is asked again after an hour."""
OUTBOX_SIZE = 1_000
PER_MINUTE = 60
"""Notices to one receiver in a minute; more wait. A storm must not get us locked out where it matters."""


class CallbackChannel:
    """A plain function as a channel."""

    def __init__(self, callback: Callable[[MonitoringAlert], object], name: str = "callback") -> None:
        self.name = name
        self._callback = callback

    def send(self, alert: MonitoringAlert, /) -> Any:
        return self._callback(alert)  # a coroutine, if it is one, is awaited by ``call_with_deadline``


class Outbox:
    """Alerts on their way to one channel, in order.

    Each is kept in the history until it is taken, so that a restart loses none; what was sent in the moment of a
    crash is sent again, and the receiver knows it by ``alert_id`` and ``change``. It is tried again while the
    receiver is away, and given up (a dead letter, see ``diagnose alerts``) when it says that it never will take it.

    A function given by the user is called once only: it may have done half of its work.
    """

    def __init__(
        self,
        channel: AlertChannel,
        pool: DeadlinePool,
        *,
        clock: Clock = SYSTEM_CLOCK,
        history: History | None = None,
        retry_after_seconds: tuple[float, ...] | None = None,
        per_minute: int = PER_MINUTE,
    ) -> None:
        self.channel = channel
        self.delivered = 0
        self.failed = 0
        self.last_error = ""
        self._pool = pool
        self._clock = clock
        self._once = isinstance(channel, CallbackChannel)
        default: tuple[float, ...] = () if self._once else RETRY_AFTER_SECONDS
        self._retry_after = default if retry_after_seconds is None else retry_after_seconds
        # Without a history that outlives us, and for functions, memory is as good.
        self._history: History = MemoryHistory() if history is None or self._once else history
        self._sent_at: deque[float] = deque(maxlen=per_minute)
        self._waiting: deque[Delivery] = deque()
        self._changed = threading.Condition(threading.Lock())
        self._is_sending = False
        self._mine: set[int] = set()

    def resume(self) -> None:
        """Send what is kept and nobody has on its way: what this process left at its last end, or a leader that died."""
        try:
            left = self._history.deliveries(self.channel.name)
        except Exception:  # noqa: BLE001 - a history that is away must not stop the watching; the next start resumes
            _log.exception("alert.not_resumed")
            return
        with self._changed:
            found = [delivery for delivery in left if delivery.delivery_id not in self._mine]
            self._mine.update(delivery.delivery_id for delivery in found)
            self._waiting.extendleft(reversed(found))  # they are older than what waits
            if found and not self._is_sending:
                self._start()

    def put(self, alert: MonitoringAlert) -> None:
        """Send the alert soon, after those before it; returns when it is kept."""
        with self._changed:  # kept and known to be ours in one step, so that nobody resumes it meanwhile
            delivery = self._kept(alert)
            self._mine.add(delivery.delivery_id)
            if len(self._waiting) >= OUTBOX_SIZE:
                self._give_up(self._waiting.popleft(), "the outbox is full")
            self._waiting.append(delivery)
            if not self._is_sending:
                self._start()

    def wait_empty(self, seconds: float) -> bool:
        """Wait until all is sent or given up; return whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._is_sending, seconds)

    def _start(self) -> None:
        self._is_sending = True
        self._pool.start(self._drain, float("inf"))

    def _kept(self, alert: MonitoringAlert) -> Delivery:
        try:
            return self._history.enqueue(self.channel.name, alert)
        except Exception:  # noqa: BLE001 - a full disk must not silence the alert, which is still sent
            _log.exception("alert.not_kept")
            return Delivery(delivery_id=-1, channel=self.channel.name, alert=alert)

    def _drain(self) -> None:
        while True:
            with self._changed:
                if not self._waiting:
                    self._is_sending = False
                    self._changed.notify_all()
                    return
                delivery = self._waiting.popleft()
            self._send(delivery)
            self._mine.discard(delivery.delivery_id)

    def _send(self, delivery: Delivery) -> None:
        for attempt, wait in enumerate((*self._retry_after, None), start=delivery.attempts + 1):
            self._pace()
            try:
                call_with_deadline(self.channel.send, SEND_SECONDS, delivery.alert, pool=self._pool)
            except Exception as error:  # noqa: BLE001 - whatever a receiver raises must not stop the watching
                reason = redact(f"{type(error).__name__}: {error}")
                asked = error.retry_after if isinstance(error, DeliveryError) else None
                if wait is None or (isinstance(error, DeliveryError) and not error.retryable):
                    self._give_up(delivery, reason, attempt)
                    return
                self._note(
                    partial(self._history.mark, delivery.delivery_id, attempts=attempt, error=reason, dead=False)
                )
                self._clock.sleep(wait if asked is None else min(max(asked, 0.0), LONGEST_WAIT_SECONDS))
            else:
                self.delivered += 1
                self._note(lambda: self._history.delivered(delivery.delivery_id))
                return

    def _pace(self) -> None:
        """Wait until one more notice in this minute is not too many."""
        if len(self._sent_at) == self._sent_at.maxlen:
            left = self._sent_at[0] + 60.0 - self._clock.monotonic()
            if left > 0:
                self._clock.sleep(left)
        self._sent_at.append(self._clock.monotonic())

    def _give_up(self, delivery: Delivery, reason: str, attempts: int = 0) -> None:
        self.failed += 1
        self.last_error = reason
        self._mine.discard(delivery.delivery_id)
        if self._once:
            self._note(lambda: self._history.delivered(delivery.delivery_id))
        else:
            self._note(lambda: self._history.mark(delivery.delivery_id, attempts=attempts, error=reason, dead=True))
        _log.error("alert.delivery_failed", extra={"channel": self.channel.name, "reason": reason})

    def _note(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception:  # noqa: BLE001 - a history that fails must not stop the delivery
            _log.exception("alert.not_noted")
