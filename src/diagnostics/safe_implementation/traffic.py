"""Traffic of our own for the guardrails: a few requests to an endpoint in each interval, before and after a change."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock
from diagnostics.runtime.http import ConnectError, request
from diagnostics.safe_implementation.guardrails import Bucket, Watch
from diagnostics.stats.sequential import MIN_BASELINE

_SERVER_ERROR = 500
REQUESTS = 5
INTERVAL_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointTraffic:
    """Asks one URL ``requests`` times for each bucket; an answer of 500 and above, or none, is an error.

    Only GET, so that it changes nothing; its load is that of one impatient user.
    """

    url: str
    requests: int = REQUESTS
    timeout_seconds: float = 5.0
    clock: Clock = SYSTEM_CLOCK

    def bucket(self) -> Bucket:
        """Return the next interval: what it took, and how many failed."""
        took: list[float] = []
        errors = 0
        for _ in range(self.requests):
            began = self.clock.monotonic()
            try:
                failed = request(self.url, self.clock, timeout=self.timeout_seconds).status >= _SERVER_ERROR
            except ConnectError:
                failed = True
            took.append(self.clock.monotonic() - began)
            errors += failed
        return Bucket.of(took, errors)

    def watch(self, window_seconds: float, *, interval_seconds: float = INTERVAL_SECONDS) -> Watch:
        """Measure what is normal now, at least 20 buckets, and return what to watch after the change."""
        baseline = []
        count = max(2 * MIN_BASELINE, min(6 * MIN_BASELINE, int(window_seconds / interval_seconds)))
        for _ in range(count):
            began = self.clock.monotonic()
            baseline.append(self.bucket())
            self.clock.sleep(interval_seconds - (self.clock.monotonic() - began))
        return Watch(
            sample=self.bucket, baseline=baseline, window_seconds=window_seconds, interval_seconds=interval_seconds
        )
