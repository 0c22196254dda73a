"""Heartbeat: tells somebody outside that the monitor lives, so that its silence is heard."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from diagnostics.errors import ConfigurationError
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock

_log = logging.getLogger(__name__)

SECONDS = 8.0
SILENT_ROUNDS = 3
"""A monitor whose looks bring nothing for so many intervals is dead, though its threads may live."""


class Heartbeat:
    """Asks for an address at every interval, as long as new results come in.

    Args:
        url: Where to; it may hold a secret and is never logged.
        interval_seconds: From one beat to the next.
        results: Returns a number that grows with every result.
        clock: Source of time.
    """

    def __init__(
        self, url: str, interval_seconds: float, results: Callable[[], int], *, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        if not url.startswith(("http://", "https://")) or not interval_seconds > 0:
            raise ConfigurationError("A heartbeat needs an address by http or https, and a positive interval.")
        self._url = url
        self._interval = interval_seconds
        self._results = results
        self._clock = clock
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._seen = -1
        self._quiet = 0
        self.sent = 0
        self.failed = 0

    def start(self) -> None:
        """Begin to beat, on a thread of its own."""
        if self._thread is not None and self._thread.is_alive():
            return
        self._stopped.clear()
        self._thread = threading.Thread(target=self._run, name="diagnostics-heartbeat", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Fall silent."""
        self._stopped.set()

    def beat(self) -> bool:
        """Beat once if the monitor lives; return whether it was heard."""
        seen = self._results()
        self._quiet = 0 if seen != self._seen else self._quiet + 1
        self._seen = seen
        if self._quiet >= SILENT_ROUNDS:
            return False
        import httpx2

        try:
            heard = httpx2.get(self._url, timeout=SECONDS, follow_redirects=False).status_code < 300
        except httpx2.HTTPError:
            heard = False
        self.sent, self.failed = self.sent + heard, self.failed + (not heard)
        if not heard:
            _log.warning("monitor.heartbeat_not_heard")
        return heard

    def _run(self) -> None:
        while not self._stopped.wait(self._interval):
            try:
                self.beat()
            except Exception:  # noqa: BLE001 - a beat that fails is a beat that is missed, nothing more
                _log.exception("monitor.heartbeat_failed")
