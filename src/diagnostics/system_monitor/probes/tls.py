"""The TLS handshake and the certificate behind it."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from diagnostics.model.observation import Observation, ProbeFailure, Reading, Unit
from diagnostics.runtime.clock import Clock
from diagnostics.runtime.http import ConnectError, Resolved, connect_tcp, start_tls

TLS_SECONDS = 5.0
MOST_CHAIN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What a certificate says of itself."""

    subject: str
    issuer: str
    not_before: datetime | None
    not_after: datetime


def parse_certificate(der: bytes) -> Certificate | None:
    """Return the certificate's names and dates, or None when it cannot be read."""
    try:
        from cryptography import x509
    except ImportError:
        return _parse_with_ssl(der)
    try:
        certificate = x509.load_der_x509_certificate(der)
        return Certificate(
            subject=certificate.subject.rfc4514_string(),
            issuer=certificate.issuer.rfc4514_string(),
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
        )
    except ValueError:
        return None


def _parse_with_ssl(der: bytes) -> Certificate | None:
    """Read the dates without ``cryptography``.

    DER holds them as UTCTime (0x17) or GeneralizedTime (0x18), the beginning first.
    """
    dates: list[datetime] = []
    for at in range(len(der) - 15):
        kind, size = der[at], der[at + 1]
        if (kind, size) in {(0x17, 13), (0x18, 15)}:
            text = der[at + 2 : at + 2 + size].decode("ascii", "replace")
            with contextlib.suppress(ValueError):
                form = "%y%m%d%H%M%SZ" if kind == 0x17 else "%Y%m%d%H%M%SZ"
                dates.append(datetime.strptime(text, form).replace(tzinfo=UTC))
    if len(dates) < 2:
        return None
    return Certificate(subject="", issuer="", not_before=dates[0], not_after=dates[1])


def observe_tls(
    service: str,
    host: str,
    place: Resolved,
    clock: Clock,
    *,
    timeout: float = TLS_SECONDS,
    ca_file: str | Sequence[str] | None = None,
) -> tuple[ssl.SSLSocket | None, list[Observation]]:
    """Return the open line (or None) and what came of the handshake.

    After a failure the certificate is read without trust.
    """
    found: list[Observation] = []
    try:
        line = connect_tcp(place, clock, timeout=timeout)
    except ConnectError as error:
        return None, [_failure("service.connect", service, place, error, clock)]
    started = clock.monotonic()
    try:
        secure = start_tls(line, host, clock, timeout=timeout, ca_file=ca_file)
    except ConnectError as error:
        found.append(_failure("service.tls", service, place, error, clock))
        if error.reason not in {"plain_http", "protocol"}:
            found.extend(_untrusted(service, host, place, clock, timeout))
        return None, found
    seconds = clock.monotonic() - started
    labels = {"service": service, "version": secure.version() or ""}
    found.append(
        Reading(
            name="service.tls",
            value=seconds,
            unit=Unit.SECONDS,
            at=clock.now(),
            source="handshake",
            labels=labels,
        )
    )
    found.extend(_expiry(service, secure.getpeercert(binary_form=True), clock))
    found.extend(_chain(service, secure, clock))
    return secure, found


def _untrusted(service: str, host: str, place: Resolved, clock: Clock, timeout: float) -> list[Observation]:
    with contextlib.suppress(ConnectError):
        line = connect_tcp(place, clock, timeout=timeout)
        with start_tls(line, host, clock, timeout=timeout, verify=False) as secure:
            return _expiry(service, secure.getpeercert(binary_form=True), clock) + _chain(service, secure, clock)
    return []


def sent_chain(line: ssl.SSLSocket) -> list[bytes]:
    """Return the certificates that the peer sent, its own first; empty where this Python cannot tell."""
    ask: Any = getattr(line, "get_unverified_chain", None)  # public since Python 3.13
    try:
        if ask is not None:
            return [bytes(each) for each in ask()]
        inner: Any = getattr(line, "_sslobj", None)
        found = inner.get_unverified_chain() if inner is not None else ()
        return [ssl.PEM_cert_to_DER_cert(each.public_bytes()) for each in found or ()]
    except (AttributeError, ValueError, TypeError, ssl.SSLError):
        return []


def _chain(service: str, line: ssl.SSLSocket, clock: Clock) -> list[Observation]:
    """Yield how many certificates were sent, and when those above the service's own expire: each ends the trust."""
    chain = sent_chain(line)
    if not chain:
        return []
    now = clock.now()
    labels = {"service": service}
    found: list[Observation] = [
        Reading(
            name="service.certificate.chain_length",
            value=float(len(chain)),
            unit=Unit.COUNT,
            at=now,
            source="handshake",
            labels=labels,
        )
    ]
    for position, der in enumerate(chain[1:MOST_CHAIN], start=1):
        certificate = parse_certificate(der)
        if certificate is not None:
            names = {
                "position": str(position),
                "subject": certificate.subject[:200],
                "issuer": certificate.issuer[:200],
            }
            found.append(
                Reading(
                    name="service.certificate.chain_expires_in",
                    value=(certificate.not_after - now).total_seconds(),
                    unit=Unit.SECONDS,
                    at=now,
                    source="certificate",
                    labels=labels | names,
                )
            )
    return found


def _expiry(service: str, der: bytes | None, clock: Clock) -> list[Observation]:
    certificate = parse_certificate(der) if der else None
    if certificate is None:
        return []
    now = clock.now()
    labels = {"service": service, "subject": certificate.subject[:200], "issuer": certificate.issuer[:200]}
    moments = [("service.certificate.expires_in", (certificate.not_after - now).total_seconds())]
    if certificate.not_before is not None:
        moments.append(("service.certificate.age", (now - certificate.not_before).total_seconds()))
    return [
        Reading(name=name, value=value, unit=Unit.SECONDS, at=now, source="certificate", labels=labels)
        for name, value in moments
    ]


def _failure(name: str, service: str, place: Resolved, error: ConnectError, clock: Clock) -> ProbeFailure:
    labels = {"service": service, "address": place.address, "phase": error.phase}
    if error.reason:
        labels["reason"] = error.reason
    if error.errno is not None:
        labels["errno"] = str(error.errno)
    return ProbeFailure(
        name=name,
        kind=error.kind,
        message=str(error) or error.kind.value,
        at=clock.now(),
        source="handshake" if error.phase == "tls" else "connect",
        labels=labels,
        elapsed_seconds=error.elapsed,
    )
