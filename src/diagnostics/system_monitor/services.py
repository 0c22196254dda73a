"""ExternalServiceMonitor: do the services that we depend on answer?"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from diagnostics.errors import ConfigurationError
from diagnostics.model.observation import Observation, Observations, ProbeFailure, Reading, Unit
from diagnostics.model.record import Record, plain
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock
from diagnostics.runtime.redaction import redact, redact_url
from diagnostics.system_monitor.service_calls import CallStatistics, CallSummary, Promise
from diagnostics.system_monitor.service_side import Verdict, whose_side

if TYPE_CHECKING:
    from diagnostics.plugins.protocols import Probe
    from diagnostics.system_monitor.probes.oauth import TokenProbe

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceHealth(Record):
    """What :meth:`ExternalServiceMonitor.check_service` found.

    Attributes:
        verdict: Who has to act: ``theirs``, ``our_network``, ``our_credential``, ``our_quota``, ``our_code``, or
            ``healthy``; with the reason in words.
        dns_ms: Milliseconds for the name; None for a step that was not reached.
        certificate_expires_in_days: The soonest end of all certificates that were sent.
        body_ok: Whether the answer was what it should be; None when nothing was expected of it.
        rate_limit_used_ratio: Share of our limit that is used; None where the service does not say.
        token: ``refreshed``, or why not: ``revoked``, ``scope``, ``client``, ``clock_skew``, ``network``, …; empty when
            it was not tried.
        calls: The application's real calls of the last five minutes.
        observations: All readings and failures.
    """

    timestamp: str
    service: str
    verdict: Verdict
    dns_ms: float | None
    connect_ms: float | None
    tls_ms: float | None
    first_byte_ms: float | None
    status_code: int
    certificate_expires_in_days: float | None
    body_ok: bool | None
    rate_limit_used_ratio: float | None
    clock_offset_seconds: float | None
    token: str
    token_expires_in_seconds: float | None
    calls: CallSummary
    observations: Observations = field(default_factory=Observations)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        values = {key: plain(getattr(self, key)) for key in self.keys() if key != "observations"}
        return {**values, "observations": [plain(item) for item in self.observations]}


class ExternalServiceMonitor:
    """Asks outside services, and counts the application's own calls to them.

    From a coroutine use the ``a…`` methods; the plain ones block for at most the time-out plus 3 s for the
    name.

    Attributes:
        calls: Statistics of real calls; feed them with ``calls.record(…)`` or ``with calls.call(name) as call:``.
    """

    def __init__(self, logger: Any = None, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self.logger = logger
        self.calls = CallStatistics(clock)
        self._clock = clock
        self._probes: dict[str, tuple[Probe, TokenProbe | None]] = {}

    def add_service(
        self, name: str, url: str, *, expect: str = "", token: str | None = None, ca_file: str | None = None
    ) -> None:
        """Watch a service.

        Args:
            name: Its name, also of its real calls.
            url: What is asked for, by GET.
            expect: Regular expression that the body of a good answer has to contain.
            token: Sent as a bearer token.
            ca_file: Further certificates to trust.

        Raises:
            ConfigurationError: ``url`` is no http or https URL.
        """
        from diagnostics.runtime.http import locate
        from diagnostics.system_monitor.probes.services import ServiceProbe

        locate(url)
        self._probes[name] = (ServiceProbe(url, service=name, expect=expect, token=token, ca_file=ca_file), None)

    def add_google_calendar(
        self,
        *,
        access_token: str | None = None,
        refresh: TokenProbe | None = None,
        base_url: str = "https://www.googleapis.com",
        ca_file: str | None = None,
    ) -> None:
        """Watch Google Calendar as ``google-calendar``.

        Args:
            access_token: With it one calendar is asked for, without it the public description.
            refresh: How to refresh the application's token (:class:`TokenProbe`); tried at each check.
            base_url: Another address, for tests.
            ca_file: Further certificates to trust.
        """
        from diagnostics.system_monitor.probes.services import GoogleCalendar

        probe = GoogleCalendar(access_token, base_url=base_url, ca_file=ca_file)
        self._probes["google-calendar"] = (probe, refresh)

    def add_telegram(
        self, *, token: str | None = None, base_url: str = "https://api.telegram.org", ca_file: str | None = None
    ) -> None:
        """Watch the Telegram Bot API as ``telegram``: ``getMe`` with the bot's token, the bare host without."""
        from diagnostics.system_monitor.probes.services import TelegramBotApi

        self._probes["telegram"] = (TelegramBotApi(token, base_url=base_url, ca_file=ca_file), None)

    def check_service(self, name: str) -> ServiceHealth:
        """Look at one watched service step by step and say whose side it is, when it does not answer.

        Raises:
            ConfigurationError: There is no such service; the message lists them.
        """
        return self._check([name])[name]

    def check_services(self) -> dict[str, ServiceHealth]:
        """Look at all watched services side by side; when none can be reached, it is our network."""
        return self._check(list(self._probes))

    def _check(self, names: list[str]) -> dict[str, ServiceHealth]:
        unknown = [name for name in names if name not in self._probes]
        if unknown:
            known = ", ".join(self._probes) or "none yet"
            raise ConfigurationError(f"There is no service {unknown[0]!r}. There are: {known}.")
        if not names:
            return {}
        with ThreadPoolExecutor(max_workers=min(8, len(names)), thread_name_prefix="diagnostics-services") as pool:
            seen = dict(zip(names, pool.map(self._look, names), strict=True))
        found = {}
        for name in names:
            others = Observations([item for other, all_of in seen.items() if other != name for item in all_of])
            found[name] = health_of(name, seen[name], self.calls.summary(name), others, self._clock.now().isoformat())
        return found

    def _look(self, name: str) -> Observations:
        probe, refresh = self._probes[name]
        found = list(probe.observe(self._clock))
        if refresh is not None:
            # The token's readings are the service's, whatever its endpoint is called.
            found += [replace(item, labels={**item.labels, "service": name}) for item in refresh.observe(self._clock)]
        return Observations(found)

    async def acheck_services(self) -> dict[str, ServiceHealth]:
        """As ``check_services``, beside the event loop."""
        import asyncio

        return await asyncio.to_thread(self.check_services)

    def sla(
        self, name: str, target: float = 0.999, *, within_seconds: float | None = None, minutes: float = 60
    ) -> Promise:
        """Return whether a service kept its level in the application's real calls: a share with its 95 % interval.

        Args:
            name: The service.
            target: Share of calls that has to be good.
            within_seconds: A good call is also answered within this time.
            minutes: Over which time; an hour is kept.
        """
        return self.calls.promise(name, target, within_seconds=within_seconds, minutes=minutes)

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


def health_of(name: str, seen: Observations, calls: CallSummary, others: Observations, timestamp: str) -> ServiceHealth:
    """Return what the readings of one service mean (pure)."""

    def ms(reading: str) -> float | None:
        found = sorted(item.value for item in seen.readings(reading))
        return round(found[len(found) // 2] * 1000.0, 2) if found else None

    ends = [
        item.value / 86_400.0
        for reading in ("service.certificate.expires_in", "service.certificate.chain_expires_in")
        for item in seen.readings(reading)
    ]
    body = [item.value >= 1 for item in seen.readings("service.body_ok")]
    token = seen.last("service.token")
    state = "network" if seen.failures("service.token") else ""
    if token is not None:
        state = "refreshed" if token.value >= 1 else token.labels.get("reason", "other")
    return ServiceHealth(
        timestamp=timestamp,
        service=name,
        verdict=whose_side(name, seen, calls, others=others),
        dns_ms=ms("service.dns"),
        connect_ms=ms("service.connect"),
        tls_ms=ms("service.tls"),
        first_byte_ms=ms("service.first_byte"),
        status_code=int(seen.value("service.status") or 0),
        certificate_expires_in_days=round(min(ends), 2) if ends else None,
        body_ok=all(body) if body else None,
        rate_limit_used_ratio=seen.value("service.rate_limit.used_ratio"),
        clock_offset_seconds=seen.value("service.clock_offset"),
        token=state,
        token_expires_in_seconds=seen.value("service.token.expires_in"),
        calls=calls,
        observations=seen,
    )


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
