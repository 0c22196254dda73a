"""Whose side is it: theirs, our network, our credential, our quota or our code (pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from diagnostics.model.observation import FailureKind, Observations, ProbeFailure
from diagnostics.model.record import Record
from diagnostics.system_monitor.service_calls import CallSummary

SKEW_SECONDS = 60.0
"""Tokens of Google and most others are refused beyond about this (RFC 7519, 4.1.4: "usually no more than a few minutes")."""
SLOW_FACTOR = 5.0
_ENOUGH_CALLS = 20
_QUOTA = re.compile(r"rate.?limit|quota|limit.?exceeded|too.?many", re.IGNORECASE)
_SCOPE = re.compile(r"scope|insufficient", re.IGNORECASE)


class Side(StrEnum):
    """Who has to act."""

    HEALTHY = "healthy"
    THEIRS = "theirs"
    NETWORK = "our_network"
    CREDENTIAL = "our_credential"
    QUOTA = "our_quota"
    CODE = "our_code"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict(Record):
    """Who has to act, and why.

    Attributes:
        reason: One word for machines, such as ``certificate_expired``, ``token_revoked``, ``clock_skew``, ``rate_limited``.
        because: In words, with the values seen.
        advice: What to do next.
    """

    side: Side
    reason: str
    because: str
    advice: str = ""


def whose_side(
    service: str, seen: Observations, calls: CallSummary | None = None, *, others: Observations | None = None
) -> Verdict:
    """Return the verdict on one service.

    The steps of a call are gone through in their order (name, TCP, TLS, token, status, body, time); the first that fails
    says it. What only the real calls show is ours, when the same service answers a probe well at the same time.

    Args:
        service: The label of the readings.
        seen: Readings of the service's probe, and of ``service.token`` where it was tried.
        calls: The application's real calls.
        others: Readings of other services; when those cannot be reached either, it is our network.
    """
    mine = Observations([item for item in seen if item.labels.get("service") == service])
    for step in (_way, _tls, _token, _status, _body):
        verdict = step(service, mine, others or Observations())
        if verdict is not None:
            return verdict
    verdict = _calls(mine, calls)
    if verdict is not None:
        return verdict
    if not mine.readings("service.status"):
        return Verdict(side=Side.UNKNOWN, reason="not_asked", because="it was not asked, or nothing came of it")
    took = mine.value("service.first_byte") or 0.0
    return Verdict(side=Side.HEALTHY, reason="answers", because=f"it answers in {took * 1000:.0f} ms")


def _failures(seen: Observations, name: str) -> list[ProbeFailure]:
    return [item for _, item in seen.failures(name)]


def _reached(seen: Observations) -> bool:
    return bool(seen.readings("service.connect"))


def _way(service: str, seen: Observations, others: Observations) -> Verdict | None:
    names = _failures(seen, "service.dns")
    lines = _failures(seen, "service.connect")
    if not names and (not lines or _reached(seen)):
        return None
    elsewhere = bool(_failures(others, "service.dns") or _failures(others, "service.connect"))
    if elsewhere and not _reached(others):
        text = f"{service} and the other services cannot be reached"
        return Verdict(side=Side.NETWORK, reason="nothing_reached", because=text, advice="Look at our way out.")
    if names:
        failed = names[0]
        if failed.kind is FailureKind.DNS_NOT_FOUND:
            return Verdict(
                side=Side.CODE,
                reason="name_not_found",
                because=f"the name does not exist: {failed.message}",
                advice="Compare the address in our configuration with the service's documentation.",
            )
        return Verdict(
            side=Side.NETWORK, reason="resolver", because=f"no answer from our resolver: {failed.message}",
            advice="Look at /etc/resolv.conf and the resolver.",
        )  # fmt: skip
    kinds = {failed.kind for failed in lines}
    text = "; ".join(dict.fromkeys(failed.message for failed in lines))[:300]
    if FailureKind.UNREACHABLE in kinds or FailureKind.EXHAUSTED in kinds:
        reason = "no_route" if FailureKind.UNREACHABLE in kinds else "ports_used_up"
        return Verdict(side=Side.NETWORK, reason=reason, because=text, advice="Look at routes, firewall and ports.")
    if kinds <= {FailureKind.REFUSED, FailureKind.RESET}:
        return Verdict(side=Side.THEIRS, reason="refused", because=text, advice="Look at their status page.")
    side = Side.THEIRS if _reached(others) else Side.UNKNOWN
    advice = "Other services answer: look at their status page." if _reached(others) else "Ask another service, too."
    return Verdict(side=side, reason="connect_timeout", because=text, advice=advice)


_TLS_REASONS = {
    "expired": (Side.THEIRS, "certificate_expired", "their certificate has expired"),
    "not_yet_valid": (Side.THEIRS, "certificate_not_yet_valid", "their certificate is not valid yet"),
    "hostname": (Side.THEIRS, "certificate_name", "their certificate is for another name"),
    "self_signed": (Side.THEIRS, "certificate_self_signed", "their certificate is signed by nobody else"),
    "protocol": (Side.CODE, "tls_protocol", "there is no TLS version that both sides want"),
    "plain_http": (Side.CODE, "plain_http", "the port speaks plain HTTP: our address has the wrong scheme or port"),
}


def _tls(service: str, seen: Observations, others: Observations) -> Verdict | None:
    failed = _failures(seen, "service.tls")
    if not failed:
        return None
    reason = next((item.labels["reason"] for item in failed if item.labels.get("reason")), "")
    skew = _skew(others) or _skew(seen)
    if reason in {"expired", "not_yet_valid"} and skew is not None and abs(skew) > 86_400:
        because = (
            f"our clock is {-skew / 86_400:+.1f} days off, so their certificate only looks {reason.replace('_', ' ')}"
        )
        return Verdict(side=Side.CREDENTIAL, reason="clock_skew", because=because, advice="Set our clock (NTP).")
    if reason == "unknown_ca":
        if seen.value("service.certificate.chain_length") == 1 and not _self_issued(seen):
            because = "they send no intermediate certificate, so that nothing leads to a known authority"
            return Verdict(side=Side.THEIRS, reason="chain_incomplete", because=because)
        because = "their authority is not among those that we trust"
        advice = "Look at SSL_CERT_FILE, the certifi package, and a proxy that opens TLS."
        return Verdict(side=Side.CODE, reason="unknown_authority", because=because, advice=advice)
    if reason in _TLS_REASONS:
        side, word, text = _TLS_REASONS[reason]
        return Verdict(side=side, reason=word, because=f"{text}: {failed[0].message}")
    side = Side.THEIRS if failed[0].kind in {FailureKind.RESET, FailureKind.TIMEOUT} else Side.UNKNOWN
    return Verdict(side=side, reason="tls_handshake", because=f"the handshake failed: {failed[0].message}")


def _self_issued(seen: Observations) -> bool:
    found = seen.last("service.certificate.expires_in")
    return found is not None and found.labels.get("subject") == found.labels.get("issuer")


def _skew(seen: Observations) -> float | None:
    found = [reading.value for reading in seen.readings("service.clock_offset")]
    return sorted(found)[len(found) // 2] if found else None


_TOKEN_REASONS = {
    "revoked": "the refresh token was revoked, or has expired: its owner has to consent again",
    "client": "the client's id or secret is wrong, or was rotated",
    "scope": "the token does not cover what is asked: consent with all scopes is needed",
    "policy": "an administrator of theirs does not allow our client",
}


def _token(service: str, seen: Observations, others: Observations) -> Verdict | None:
    failed = _failures(seen, "service.token")
    if failed:
        side = Side.NETWORK if not _reached(seen) and not _reached(others) else Side.THEIRS
        return Verdict(side=side, reason="token_endpoint", because=f"no token could be fetched: {failed[0].message}")
    for reading in seen.readings("service.token"):
        if reading.value >= 1:
            continue
        reason = reading.labels.get("reason") or "other"
        skew = _skew(seen)
        if reason == "clock_skew" or (reason != "client" and skew is not None and abs(skew) > SKEW_SECONDS):
            off = f"our clock is {-skew:+.0f} s off" if skew is not None else "our clock is off"
            return Verdict(
                side=Side.CREDENTIAL, reason="clock_skew", because=f"the token is refused and {off}",
                advice="Set our clock (NTP), then try again.",
            )  # fmt: skip
        text = _TOKEN_REASONS.get(reason, f"the token endpoint says {reading.labels.get('error', 'no')}")
        return Verdict(side=Side.CREDENTIAL, reason=f"token_{reason}", because=text)
    missing = [reading.labels.get("scope", "") for reading in seen.readings("service.token.scope_missing")]
    if missing:
        because = f"the token was given without the scope {', '.join(missing)}"
        return Verdict(side=Side.CREDENTIAL, reason="token_scope", because=because, advice="Consent with all scopes.")
    left = seen.value("service.token.expires_in")
    if left is not None and left <= 0:
        return Verdict(side=Side.CREDENTIAL, reason="token_expired", because=f"the token ended {-left:.0f} s ago")
    return None


def _status(service: str, seen: Observations, others: Observations) -> Verdict | None:
    failed = _failures(seen, "service.first_byte")
    statuses = [int(reading.value) for reading in seen.readings("service.status")]
    if failed and len(failed) > len(statuses):
        reason = "no_answer" if failed[0].kind is FailureKind.TIMEOUT else failed[0].labels.get("reason") or "cut_off"
        text = f"it takes the request and does not answer it: {failed[0].message}"
        return Verdict(side=Side.THEIRS, reason=reason, because=text, advice="Look at their status page.")
    if not statuses:
        return None
    worst = max(statuses, key=lambda status: (statuses.count(status), status))
    refused = next((reading.labels.get("reason", "") for reading in seen.readings("service.refusal")), "")
    said = f" ({refused})" if refused else ""
    spent = seen.value("service.rate_limit.remaining") == 0
    if worst == 429 or spent or (worst == 403 and _QUOTA.search(refused)):
        wait = seen.value("service.retry_after")
        because = f"they answer {worst}{said}" if worst >= 400 else "nothing is left of our limit"
        advice = f"Wait {wait:.0f} s; then ask less often, or for a higher limit." if wait else "Ask less often."
        return Verdict(side=Side.QUOTA, reason="rate_limited", because=because, advice=advice)
    if worst in {401, 403}:
        skew = _skew(seen)
        if skew is not None and abs(skew) > SKEW_SECONDS:
            because = f"they answer {worst} and our clock is {-skew:+.0f} s off"
            return Verdict(side=Side.CREDENTIAL, reason="clock_skew", because=because, advice="Set our clock (NTP).")
        reason = "not_accepted" if worst == 401 else "token_scope" if _SCOPE.search(refused) else "not_allowed"
        return Verdict(side=Side.CREDENTIAL, reason=reason, because=f"they answer {worst}{said}")
    if refused == "bot_token_unknown":
        return Verdict(side=Side.CREDENTIAL, reason="not_accepted", because="they do not know the bot's token (404)")
    if worst >= 500:
        return Verdict(side=Side.THEIRS, reason="server_error", because=f"they answer {worst}{said}")
    if worst >= 400 and worst not in {404, 405}:
        return Verdict(
            side=Side.CODE, reason="bad_request", because=f"they do not understand what we ask: {worst}{said}"
        )
    return None


def _body(service: str, seen: Observations, others: Observations) -> Verdict | None:
    bad = [reading for reading in seen.readings("service.body_ok") if reading.value < 1]
    if not bad:
        return None
    because = f"the answer is not what it should be: {bad[0].labels.get('condition', '')}"
    return Verdict(side=Side.THEIRS, reason="wrong_answer", because=because, advice="Look at their change log.")


_CALL_SIDES = {
    "limited": (Side.QUOTA, "rate_limited", "Ask less often, or for a higher limit."),
    "credential": (Side.CREDENTIAL, "not_accepted", "Refresh the application's token."),
    "client_error": (Side.CODE, "bad_request", "Compare what we send with their documentation."),
    "server_error": (Side.THEIRS, "server_error", "Look at their status page."),
    "wrong_answer": (Side.THEIRS, "wrong_answer", "Look at their change log."),
    "timeout": (Side.CODE, "our_timeout", "Look at our timeout, our pool of connections and what holds the thread."),
    "network": (Side.NETWORK, "calls_cut", "Look at our way out: proxy, ports, connections kept too long."),
    "tls": (Side.CODE, "tls_of_the_application", "Look at the certificates that the application trusts."),
}


def _calls(seen: Observations, calls: CallSummary | None) -> Verdict | None:
    if calls is None or calls.calls < _ENOUGH_CALLS or calls.errors is None:
        return None
    probed = seen.value("service.first_byte")
    answers = probed is not None
    if calls.errors.low > 0.01:
        bad = {name: count for name, count in calls.outcomes.items() if name != "ok" and count}
        name = max(bad, key=lambda key: bad[key])
        side, reason, advice = _CALL_SIDES[name]
        if name == "timeout" and not answers:
            side, reason, advice = Side.UNKNOWN, "timeout", "Ask it with a probe, too."
        also = ", while it answers a probe well" if answers else ""
        because = (
            f"{100 * calls.errors.rate:.1f} % of {calls.calls} real calls fail "
            f"(95 %: {100 * calls.errors.low:.1f} to {100 * calls.errors.high:.1f} %), most by {name}{also}"
        )
        return Verdict(side=side, reason=reason, because=because, advice=advice)
    if probed is not None and calls.p95 is not None and calls.p95 > SLOW_FACTOR * max(probed, 0.05):
        because = f"real calls take {calls.p95:.2f} s (p95) where a probe has its answer in {probed:.2f} s"
        advice = "Look at what we do around the call: pool of connections, retries, big bodies, a busy thread."
        return Verdict(side=Side.CODE, reason="slow_around_the_call", because=because, advice=advice)
    return None
