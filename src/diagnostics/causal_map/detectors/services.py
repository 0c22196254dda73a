"""Detectors of external services, network, TLS and credentials."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from diagnostics.causal_map.detect import (
    CERTAIN,
    HINT,
    RULED_OUT,
    STRONG,
    TYPICAL,
    UNLIKELY,
    absent,
    cite,
    excess,
    label_number,
    normal_value,
    present,
    seconds,
    text_strength,
    unknown,
)
from diagnostics.causal_map.detectors.deploy import began_with_restart, deployed_lately, new_exceptions
from diagnostics.model.finding import Evidence, Finding, State
from diagnostics.model.observation import FailureKind, ProbeFailure, Reading

Detector = Callable[[Evidence], Finding]

_REACH = (FailureKind.TIMEOUT, FailureKind.UNREACHABLE)


def api_slow(evidence: Evidence) -> Finding:
    """Connected fast, answered late: the time is spent on their side."""
    observations = evidence.observations
    worst: Finding | None = None
    looked = False
    for evidence_id, reading in observations.indexed("service.first_byte"):
        looked = True
        service = reading.labels.get("service", "")
        connect = min((r.value for r in observations.readings("service.connect", service=service)), default=0.0)
        sigma = excess(evidence, reading, floor=0.1)
        normal = normal_value(evidence, reading)
        usual = f", normal is {seconds(normal)}" if normal is not None else ""
        said = f"{service} connects in {seconds(connect)} and answers after {seconds(reading.value)}{usual}"
        if connect < 0.3 * reading.value and ((sigma is not None and sigma > 4) or reading.value > 1.0):
            worst = present(CERTAIN if reading.value > 1.0 else STRONG, said, [evidence_id], {"service": service})
    for evidence_id, failure in observations.failures("service.first_byte"):
        service = failure.labels.get("service", "")
        if failure.kind is FailureKind.TIMEOUT and observations.readings("service.connect", service=service):
            worst = present(
                CERTAIN,
                f"{service} accepts the connection and does not answer: {failure.message}",
                [evidence_id],
                {"service": service},
            )
    for evidence_id, reading in observations.indexed("service.passive.p95", window="recent"):
        looked = True
        before = observations.value(
            "service.passive.p95", None, service=reading.labels.get("service", ""), window="before"
        )
        if before is not None and reading.value > 4 * before and reading.value > 0.5 and worst is None:
            worst = present(
                STRONG,
                f"calls to {reading.labels.get('service')} take {seconds(reading.value)}, before {seconds(before)}",
                [evidence_id],
            )
    if worst is not None:
        return worst
    if looked:
        return absent(-4.0, "the services answer fast")
    return unknown("no --service was given")


def _status(mechanism: str, matches: Callable[[float], bool], strength: float, words: str) -> Detector:
    def detect(evidence: Evidence) -> Finding:
        seen = evidence.observations.indexed("service.status")
        bad = [(i, r) for i, r in seen if matches(r.value)]
        if bad:
            service = bad[0][1].labels.get("service", "")
            return present(
                strength,
                f"{service} {words}: HTTP {bad[0][1].value:.0f} ({len(bad)} of {len(seen)} answers)",
                [i for i, _ in bad],
                {"service": service},
            )
        if seen:
            return absent(-1.5, "no service answers so")
        return unknown("no --service was given")

    detect.__name__ = mechanism.replace("-", "_")
    detect.__doc__ = f"An answer of the service itself: {words}."
    return detect


def _service_failure(
    mechanism: str, name: str, kinds: tuple[FailureKind, ...], words: str, reasons: tuple[str, ...] = ()
) -> Detector:
    def detect(evidence: Evidence) -> Finding:
        for evidence_id, failure in evidence.observations.failures(name):
            if failure.kind in kinds and (not reasons or failure.labels.get("reason") in reasons):
                service = failure.labels.get("service", "")
                if name == "service.connect" and evidence.observations.readings(name, service=service):
                    continue  # another of its addresses answers
                if not reasons and name == "service.tls" and _plain(evidence, service):
                    continue  # it waits for the rest of a request, not for the rest of a handshake
                return present(CERTAIN, f"{service}: {words}: {failure.message}", [evidence_id], {"service": service})
        if evidence.observations.readings(name) or evidence.observations.readings("service.connect"):
            return absent(-4.0, "the services that were asked do not show it")
        return unknown("no --service was given")

    detect.__name__ = mechanism.replace("-", "_")
    detect.__doc__ = f"A failed handshake with a service: {words}."
    return detect


def _plain(evidence: Evidence, service: str) -> bool:
    failures = [f for _, f in evidence.observations.failures("service.tls") if f.labels.get("service") == service]
    return any(f.labels.get("reason") == "plain_http" for f in failures)


def untrusted_issuer(evidence: Evidence) -> Finding:
    """Nobody whom we trust signed a service's certificate; the application may trust others than we do."""
    reasons = ("unknown_ca", "self_signed")
    found = _service_failure("tls-unknown-ca", "service.tls", _TLS, "the issuer is not trusted", reasons)(evidence)
    if found.state is not State.PRESENT or text_strength(evidence, "tls-unknown-ca") > 0:
        return found
    complains = any(
        "certificate verify failed" in reading.labels.get("example", "").lower() and reading.value > 0
        for reading in evidence.observations.readings("log.template")
    )
    if complains:  # of something else: a private authority is the application's business
        return replace(found, strength=HINT, sentence=f"{found.sentence}; the log complains of something else")
    return found


def certificate_expired(evidence: Evidence) -> Finding:
    """The certificate's date has passed."""
    for evidence_id, reading in evidence.observations.indexed("service.certificate.expires_in"):
        if reading.value < 0:
            service = reading.labels.get("service", "")
            return present(
                CERTAIN,
                f"the certificate of {service} expired {seconds(-reading.value)} ago",
                [evidence_id],
                {"service": service},
            )
    for evidence_id, failure in evidence.observations.failures("service.tls"):
        if failure.labels.get("reason") == "expired":
            return present(CERTAIN, failure.message, [evidence_id], {"service": failure.labels.get("service", "")})
    if evidence.observations.readings("service.certificate.expires_in") or evidence.observations.readings(
        "service.tls"
    ):
        return absent(RULED_OUT, "the certificates are valid")
    if evidence.observations.readings("service.connect"):
        return absent(-1.0, "the services that were asked do not use TLS")
    return unknown("no --service was given")


def refresh_token_revoked(evidence: Evidence) -> Finding:
    """The token endpoint refuses the refresh token."""
    for evidence_id, reading in evidence.observations.indexed("service.token"):
        if reading.value < 1 and reading.labels.get("error") == "invalid_grant":
            return present(
                CERTAIN,
                f"{reading.labels.get('service', '')} refuses to refresh the token: invalid_grant",
                [evidence_id],
            )
        if reading.value >= 1:
            return absent(RULED_OUT, "the token can be refreshed", [evidence_id])
    return unknown("no credentials to try a refresh with")


def client_secret_rotated(evidence: Evidence) -> Finding:
    """The token endpoint does not know the client."""
    for evidence_id, reading in evidence.observations.indexed("service.token"):
        if reading.value < 1 and reading.labels.get("error") in ("invalid_client", "unauthorized_client"):
            return present(
                CERTAIN,
                f"{reading.labels.get('service', '')} does not know the client: {reading.labels.get('error')}",
                [evidence_id],
            )
        if reading.value >= 1:
            return absent(RULED_OUT, "the token can be refreshed", [evidence_id])
    return unknown("no credentials to try a refresh with")


def connection_reset(evidence: Evidence) -> Finding:
    """The peer closes fresh connections before it answers."""
    bad = [
        (i, f)
        for name in ("service.connect", "service.tls", "service.first_byte")
        for i, f in evidence.observations.failures(name)
        if f.kind is FailureKind.RESET
        and f.labels.get("reason") != "truncated"
        and not (name == "service.tls" and _plain(evidence, f.labels.get("service", "")))
    ]
    if bad:
        return present(
            CERTAIN,
            f"{bad[0][1].labels.get('service', '')} resets a fresh connection: {bad[0][1].message}",
            [i for i, _ in bad],
        )
    if evidence.observations.readings("service.status"):
        return absent(-2.5, "fresh connections are answered")
    return unknown("no --service was given")


def answer_truncated(evidence: Evidence) -> Finding:
    """An answer begins and ends before its announced length."""
    bad = [
        (i, f) for i, f in evidence.observations.failures("service.first_byte") if f.labels.get("reason") == "truncated"
    ]
    if bad:
        service = bad[0][1].labels.get("service", "")
        return present(
            CERTAIN, f"{service} ends its answer before its announced length", [i for i, _ in bad], {"service": service}
        )
    if evidence.observations.readings("service.status"):
        # Perhaps only large answers are cut: those that were asked for were small.
        return absent(-1.0, "the answers that were asked for are complete")
    return unknown("no --service was given")


#: What code says when an answer does not have the shape that it expects.
_MISREAD = ("KeyError", "IndexError", "ValidationError", "TypeError", "AttributeError", "StructError")


def answer_changed(evidence: Evidence) -> Finding:
    """Code that talks to a service began to stumble over values, and nothing of ours had changed."""
    outside = {r.labels.get("file", "") for r in evidence.observations.readings("code.talks_outside")}
    stumbles = [
        (i, r)
        for i, r in new_exceptions(evidence)
        if r.labels.get("exception", "").rpartition(".")[2].endswith(_MISREAD) and _file_of(r) in outside
    ]
    if not stumbles:
        if outside:
            return absent(UNLIKELY, "code that talks to services does not stumble over answers")
        return unknown("which code talks to services is not known")
    evidence_id, most = max(stumbles, key=lambda pair: pair[1].value)
    said = (
        f"{most.labels.get('exception')} in {most.labels.get('frame')}, which reads answers of a service: "
        f"{most.labels.get('example', '')[:80]}"
    )
    if deployed_lately(evidence):
        return present(HINT, f"{said}; new code came lately, too", [evidence_id])
    return present(STRONG, f"{said}; no new code came", [evidence_id], {"exception": most.labels.get("exception", "")})


def _file_of(reading: Reading) -> str:
    """Return the file in ``function (folder/file.py:12)``."""
    return reading.labels.get("frame", "").rpartition(" (")[2].rpartition(":")[0]


def _refused_names(evidence: Evidence, name: str) -> list[tuple[str, ProbeFailure]]:
    return [
        (i, f)
        for i, f in evidence.observations.failures(name)
        if ":" in f.labels.get("address", "") and f.kind in (FailureKind.REFUSED, *_REACH)
    ]


def ipv6_preferred(evidence: Evidence) -> Finding:
    """A name has an IPv6 address at which nobody answers, and an IPv4 address at which somebody does."""
    observations = evidence.observations
    found: list[tuple[str, str, str]] = []
    for evidence_id, failure in _refused_names(evidence, "service.connect"):
        service = failure.labels.get("service", "")
        if any("." in r.labels.get("address", "") for r in observations.readings("service.connect", service=service)):
            found.append((evidence_id, service, failure.labels.get("address", "")))
    connected = any(":" not in r.labels.get("address", ":") for r in observations.readings("postgres.connect"))
    for evidence_id, failure in _refused_names(evidence, "postgres.connect.address"):
        if connected:
            found.append((evidence_id, failure.labels.get("host", "the database"), failure.labels.get("address", "")))
    if found:
        evidence_id, who, address = found[0]
        # Most clients try the next address: it is a cause only where calls really fail, or are slow.
        failing = max(text_strength(evidence, m) for m in ("external-connection-refused", "tcp-port-filtered")) > 0
        return present(
            CERTAIN if failing else HINT,
            f"{who}: nobody answers at {address}, its first address, but somebody does at its IPv4 address",
            [evidence_id],
            {"service": who, "address": address},
        )
    if observations.readings("service.connect") or observations.readings("postgres.connect"):
        return absent(RULED_OUT, "every address of the names that were asked answers")
    return unknown("no --service was given")


_HOST_REFUSED = re.compile(
    r"invalid host|disallowedhost|allowed_hosts|host .{0,60}not (?:trusted|allowed)", re.IGNORECASE
)


def host_refused(evidence: Evidence) -> Finding:
    """The service refuses the name that it is called by, whatever is asked for."""
    answers = evidence.observations.indexed("endpoint.status")
    refused = [(i, r) for i, r in answers if 400 <= r.value < 500 and _HOST_REFUSED.search(r.labels.get("says", ""))]
    if refused:
        first = refused[0][1]
        said = (
            f"{len(refused)} of {len(answers)} of our own requests to {first.labels.get('url', '')} are refused with "
            f"{first.value:.0f}: {first.labels.get('says', '')}"
        )
        return present(CERTAIN, said, [i for i, _ in refused])
    if any(200 <= r.value < 400 for _, r in answers):
        return absent(UNLIKELY, "the service answers to the name that it was given by")
    return unknown("no --url was given, or it does not answer")


def proxy_wrong(evidence: Evidence) -> Finding:
    """The application cannot connect where we can, and its environment names a proxy."""
    proxies = {
        reading.labels.get("name", "").upper(): evidence_id
        for evidence_id, reading in evidence.observations.indexed("process.environment")
        if reading.labels.get("name", "").upper() in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    }
    reached = evidence.observations.readings("service.connect")
    lost = [f for n in ("service.dns", "service.connect") for _, f in evidence.observations.failures(n)]
    if not evidence.observations.readings("process.environment"):
        return unknown("the environment of the process was not read")
    if not proxies:
        return absent(-3.0, "no variable of the process names a proxy")
    failing = max(
        text_strength(evidence, m)
        for m in ("external-connection-refused", "tcp-port-filtered", "external-connection-reset", "dns-name-not-found")
    )
    if reached and not lost and failing > 0:
        said = (
            f"the application cannot connect to services that answer us directly; {', '.join(sorted(proxies))} is set"
        )
        return present(CERTAIN, said, sorted(proxies.values()))
    if failing > 0:
        return present(HINT, f"{', '.join(sorted(proxies))} is set, and connections fail", sorted(proxies.values()))
    return absent(UNLIKELY, "a proxy is set, and connections do not fail")


_NOT_FOUND = re.compile(
    r"(?:\bHTTP|\bstatus(?:[ _]?code)?|\bClient error|Error code:)\W{0,3}(?:404|410)\b|\b404 Client Error"
)


def _misses(evidence: Evidence) -> list[tuple[str, Reading]]:
    """Return new log lines in which a call to a service ends with 404 or 410."""
    return [
        (i, r)
        for i, r in evidence.observations.indexed("log.template")
        if r.value >= 2 and label_number(r, "before") < 0.2 * r.value and _NOT_FOUND.search(r.labels.get("example", ""))
    ]


def endpoint_removed(evidence: Evidence) -> Finding:
    """What was there is gone, and nothing of ours had changed."""
    base = _status("external-endpoint-removed", lambda s: s == 410, STRONG, "says that the endpoint is gone")(evidence)
    missed = _misses(evidence)
    if base.strength > 0 or not missed:
        return base
    said = f"the log says {missed[0][1].value:.0f} time(s): {missed[0][1].labels.get('example', '')[:120]}"
    if began_with_restart(evidence, missed):
        return present(HINT, f"{said}; since our own restart", [missed[0][0]])
    return present(STRONG, f"{said}; nothing of ours had changed", [missed[0][0]])


def wrong_address(evidence: Evidence) -> Finding:
    """A service answers 404 to every call since the process was started anew."""
    missed = _misses(evidence)
    if missed:
        said = f"the log says {missed[0][1].value:.0f} time(s): {missed[0][1].labels.get('example', '')[:120]}"
        if began_with_restart(evidence, missed) and not deployed_lately(evidence):
            return present(STRONG, f"{said}; since the process was started anew", [missed[0][0]])
        return present(HINT, said, [missed[0][0]])
    if evidence.observations.readings("log.lines"):
        return absent(-1.0, "no call ends with 404")
    return unknown("no --log was given")


_REFUSED = re.compile(r"(?:\bHTTP|\bstatus(?:[ _]?code)?)\W{0,3}(?:400|422)\b")


def payload_refused(evidence: Evidence) -> Finding:
    """A service refuses what we send (400, 422), and did not before."""
    refused = [
        (i, r)
        for i, r in evidence.observations.indexed("log.template")
        if r.value >= 2 and label_number(r, "before") < 0.2 * r.value and _REFUSED.search(r.labels.get("example", ""))
    ]
    if refused:
        said = f"the log says {refused[0][1].value:.0f} time(s): {refused[0][1].labels.get('example', '')[:120]}"
        if deployed_lately(evidence):
            return present(STRONG, f"{said}; new code came lately", [refused[0][0]])
        return present(HINT, said, [refused[0][0]])
    return unknown("no --log was given, or no call ends with 400")


def packets_lost(evidence: Evidence) -> Finding:
    """TCP sends the same data again and again."""
    reading = evidence.observations.last("host.network.retransmit_rate")
    if reading is None:
        return unknown("retransmissions were not read")
    sigma = excess(evidence, reading, floor=2.0)
    if reading.value > 50 or (sigma is not None and sigma > 6 and reading.value > 10):
        said = f"{reading.value:.0f} TCP retransmissions a second"
        return present(TYPICAL, said, cite(evidence, "host.network.retransmit_rate"))
    return absent(UNLIKELY, f"{reading.value:.1f} TCP retransmissions a second")


def rate_limited(evidence: Evidence) -> Finding:
    """The provider answers 429, or says that nothing is left."""
    base = _status("external-api-rate-limited", lambda s: s == 429, CERTAIN, "limits our rate")(evidence)
    for evidence_id, reading in evidence.observations.indexed("service.rate_limit.remaining"):
        if reading.value <= 0:
            return present(STRONG, f"{reading.labels.get('service', '')} says that no requests are left", [evidence_id])
    return base


def dns_failures(evidence: Evidence, kind: FailureKind) -> list[tuple[str, ProbeFailure]]:
    """Return failures to resolve a name, of services and of the database."""
    return [
        (i, f)
        for name in ("service.dns", "postgres.connect", "endpoint.connect")
        for i, f in evidence.observations.failures(name)
        if f.kind is kind
    ]


def _dns(mechanism: str, kind: FailureKind, words: str) -> Detector:
    def detect(evidence: Evidence) -> Finding:
        bad = dns_failures(evidence, kind)
        if bad:
            who = bad[0][1].labels.get("service") or bad[0][1].labels.get("host", "")
            return present(CERTAIN, f"{who}: {words}: {bad[0][1].message}", [i for i, _ in bad], {"service": who})
        if evidence.observations.readings("service.dns"):
            return absent(-4.0, "names resolve")
        return unknown("no name was resolved")

    detect.__name__ = mechanism.replace("-", "_")
    detect.__doc__ = f"A name does not resolve: {words}."
    return detect


def tls_soon(evidence: Evidence) -> Finding:
    """A certificate that runs out within a day: no failure yet."""
    for evidence_id, reading in evidence.observations.indexed("service.certificate.expires_in"):
        if 0 <= reading.value < 86400:
            return present(
                TYPICAL,
                f"the certificate of {reading.labels.get('service')} expires in {seconds(reading.value)}",
                [evidence_id],
            )
    if evidence.observations.readings("service.certificate.expires_in"):
        return absent(RULED_OUT, "no certificate expires soon")
    return unknown("no certificate was read")


_TLS = (FailureKind.TLS,)

DETECTORS: dict[str, Detector] = {
    "external-api-slow": api_slow,
    "external-api-5xx": _status("external-api-5xx", lambda s: 500 <= s < 600, CERTAIN, "fails on its side"),
    "external-api-rate-limited": rate_limited,
    "external-endpoint-removed": endpoint_removed,
    "own-bug-bad-request-payload": payload_refused,
    "external-response-truncated": answer_truncated,
    "external-response-schema-changed": answer_changed,
    "wrong-base-url-or-path": wrong_address,
    "proxy-misconfigured": proxy_wrong,
    "allowed-hosts-or-cors-misconfigured": host_refused,
    "ipv6-localhost-preferred": ipv6_preferred,
    "external-connection-reset": connection_reset,
    "external-quota-exhausted": _status(
        "external-quota-exhausted", lambda s: s == 402, STRONG, "asks for payment before it goes on"
    ),
    "tls-handshake-interrupted": _service_failure(
        "tls-handshake-interrupted", "service.tls", (FailureKind.TIMEOUT,), "the TLS handshake does not come to an end"
    ),
    "external-connection-refused": _service_failure(
        "external-connection-refused", "service.connect", (FailureKind.REFUSED,), "nobody listens there"
    ),
    "tcp-port-filtered": _service_failure(
        "tcp-port-filtered", "service.connect", _REACH, "no answer to a TCP connection"
    ),
    "dns-name-not-found": _dns("dns-name-not-found", FailureKind.DNS_NOT_FOUND, "the name does not exist"),
    "dns-server-unreachable": _dns(
        "dns-server-unreachable", FailureKind.DNS_UNAVAILABLE, "the resolver does not answer"
    ),
    "tls-cert-expired": certificate_expired,
    "tls-unknown-ca": untrusted_issuer,
    "tls-plain-http-mismatch": _service_failure(
        "tls-plain-http-mismatch", "service.tls", _TLS, "the port does not speak TLS", ("plain_http",)
    ),
    "tls-protocol-too-old": _service_failure(
        "tls-protocol-too-old", "service.tls", _TLS, "no common protocol", ("protocol",)
    ),
    "tls-hostname-mismatch": _service_failure(
        "tls-hostname-mismatch", "service.tls", _TLS, "the certificate is for another name", ("hostname",)
    ),
    "oauth-refresh-token-revoked": refresh_token_revoked,
    "oauth-client-secret-rotated": client_secret_rotated,
    "packet-loss-on-path": packets_lost,
    "tls-cert-expires-soon": tls_soon,
}
