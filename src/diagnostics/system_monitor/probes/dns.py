"""Does the name resolve, and how fast?"""

from __future__ import annotations

from diagnostics.model.observation import Observation, ProbeFailure, Reading, Unit
from diagnostics.runtime.clock import Clock
from diagnostics.runtime.http import ConnectError, Resolved, resolve

DNS_SECONDS = 3.0


def observe_dns(
    service: str, host: str, port: int, clock: Clock, *, timeout: float = DNS_SECONDS
) -> tuple[list[Resolved], Observation]:
    """Return the addresses, in the system's order, and what came of asking."""
    started = clock.monotonic()
    try:
        places = resolve(host, port, clock, timeout=timeout)
    except ConnectError as error:
        labels = {"service": service, "host": host}
        if error.errno is not None:
            labels["errno"] = str(error.errno)
        return [], ProbeFailure(
            name="service.dns",
            kind=error.kind,
            message=str(error),
            at=clock.now(),
            source="getaddrinfo",
            labels=labels,
            elapsed_seconds=error.elapsed,
        )
    seconds = clock.monotonic() - started
    addresses = "+".join(place.address for place in places[:8])
    return places, Reading(
        name="service.dns",
        value=seconds,
        unit=Unit.SECONDS,
        at=clock.now(),
        source="getaddrinfo",
        labels={"service": service, "host": host, "addresses": addresses},
    )
