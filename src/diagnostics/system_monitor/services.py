"""ExternalServiceMonitor: do the services that we depend on answer?"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from diagnostics.errors import ConfigurationError
from diagnostics.model.observation import Observation, Observations, ProbeFailure, Reading, Unit
from diagnostics.model.record import Record
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock
from diagnostics.runtime.redaction import redact, redact_url

_LOG = logging.getLogger(__name__)
GOOGLE_SERVICES = {
    "google_oauth": "https://oauth2.googleapis.com/token",
    "google_calendar": "https://www.googleapis.com/calendar/v3/",
    "google_apis": "https://www.googleapis.com/",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalServiceMetrics(Record):
    """One GET to a service.

    Attributes:
        timestamp: ISO 8601, UTC.
        url: Without secrets.
        response_time_ms: Milliseconds of name, TCP, TLS and the whole answer.
        status_code: HTTP status; 0 without an answer.
        success: It answered with a status below 400.
        error_message: Why there was no answer.
    """

    timestamp: str
    service_name: str
    url: str
    response_time_ms: float = 0.0
    status_code: int = 0
    success: bool = False
    error_message: str | None = None


class ExternalServiceMonitor:
    """Asks outside services, one GET each.

    From a coroutine use the ``a…`` methods; the plain ones block for at most the time-out plus 3 s for the
    name.
    """

    def __init__(self, logger: Any = None, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self.logger = logger
        self._clock = clock

    def test_service_connectivity(self, service_name: str, url: str, timeout: float = 5) -> ExternalServiceMetrics:
        """Ask once.

        Raises:
            ConfigurationError: ``url`` is no http or https URL, or ``timeout`` is not positive.
        """
        from diagnostics.runtime.http import ConnectError, request

        if timeout <= 0:
            raise ConfigurationError(f"timeout must be positive, not {timeout}.")
        started = self._clock.monotonic()
        status, problem = 0, None
        try:
            status = request(url, self._clock, timeout=float(timeout)).status
        except ConnectError as error:
            reason = f"{error.phase}, {error.reason or error.kind.value}"
            problem = redact(f"{error} ({reason})")
        metrics = ExternalServiceMetrics(
            timestamp=self._clock.now().isoformat(),
            service_name=service_name,
            url=redact_url(url),
            response_time_ms=round((self._clock.monotonic() - started) * 1000.0, 2),
            status_code=status,
            success=0 < status < 400,
            error_message=problem if problem or status < 400 else f"HTTP status {status}",
        )
        self._say(metrics)
        return metrics

    def monitor_google_services(self) -> dict[str, ExternalServiceMetrics]:
        """Ask Google's token endpoint, Calendar and API front, side by side.

        Without credentials they answer 404 or 405; ``status_code`` above 0 says that they are reached.
        """
        with ThreadPoolExecutor(max_workers=len(GOOGLE_SERVICES), thread_name_prefix="diagnostics-services") as pool:
            futures = {
                name: pool.submit(self.test_service_connectivity, name, url) for name, url in GOOGLE_SERVICES.items()
            }
            return {name: future.result() for name, future in futures.items()}

    def observe(self, service_name: str, url: str) -> Observations:
        """Return name, TCP, TLS, certificate, first byte, limits and clock of one service, step by step."""
        from diagnostics.system_monitor.probes.services import ServiceProbe

        return Observations(ServiceProbe(url, service=service_name).observe(self._clock))

    async def atest_service_connectivity(
        self, service_name: str, url: str, timeout: float = 5
    ) -> ExternalServiceMetrics:
        """As ``test_service_connectivity``, beside the event loop."""
        import asyncio

        return await asyncio.to_thread(self.test_service_connectivity, service_name, url, timeout)

    async def amonitor_google_services(self) -> dict[str, ExternalServiceMetrics]:
        """As ``monitor_google_services``, beside the event loop."""
        import asyncio

        return await asyncio.to_thread(self.monitor_google_services)

    def _say(self, metrics: ExternalServiceMetrics) -> None:
        failed = not metrics.success
        if self.logger is not None and hasattr(self.logger, "enabled"):
            (self.logger.warning if failed else self.logger.info)("service_connectivity", **metrics.to_dict())
        else:
            _LOG.log(logging.WARNING if failed else logging.INFO, "service_connectivity %s", metrics.to_dict())


def tcp_connect(host: str, port: int, clock: Clock = SYSTEM_CLOCK, *, timeout: float = 3.0) -> Observations:
    """Open and close a TCP connection to each address of a host.

    Readings: ``tcp.dns{host,port}`` and ``tcp.connect{host,port,address}``, in seconds.
    """
    from diagnostics.runtime.http import ConnectError, connect_tcp, resolve

    found: list[Observation] = []
    labels = {"host": host, "port": str(port)}

    def failed(name: str, error: ConnectError, **more: str) -> ProbeFailure:
        if error.errno is not None:
            more["errno"] = str(error.errno)
        return ProbeFailure(
            name=name,
            kind=error.kind,
            message=str(error) or error.kind.value,
            at=clock.now(),
            labels=labels | more,
            elapsed_seconds=error.elapsed,
        )

    def took(name: str, seconds: float, **more: str) -> Reading:
        return Reading(name=name, value=seconds, unit=Unit.SECONDS, at=clock.now(), labels=labels | more)

    started = clock.monotonic()
    try:
        places = resolve(host, port, clock, timeout=timeout)
    except ConnectError as error:
        return Observations([failed("tcp.dns", error)])
    found.append(took("tcp.dns", clock.monotonic() - started))
    for place in places[:4]:
        started = clock.monotonic()
        try:
            connect_tcp(place, clock, timeout=timeout).close()
        except ConnectError as error:
            found.append(failed("tcp.connect", error, address=place.address))
        else:
            found.append(took("tcp.connect", clock.monotonic() - started, address=place.address))
    return Observations(found)
