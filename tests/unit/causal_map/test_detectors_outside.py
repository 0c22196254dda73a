"""Detectors of answers, addresses and proxies of other services: what speaks for them, and who only looks alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from diagnostics.causal_map.detectors import DETECTORS
from diagnostics.model.finding import Evidence, Finding, SignatureMatch, State
from diagnostics.model.observation import FailureKind, Observation, Observations, ProbeFailure, Reading, Unit

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BANK = "bank.example"


def r(name: str, value: float, /, **labels: str) -> Reading:
    return Reading(name=name, value=value, unit=Unit.COUNT, at=AT, labels=labels)


def f(name: str, kind: FailureKind, **labels: str) -> ProbeFailure:
    return ProbeFailure(name=name, kind=kind, message=kind.value, at=AT, labels=labels)


def said(mechanism: str, weight: float = 2.2) -> SignatureMatch:
    return SignatureMatch(
        mechanism=mechanism, weight=weight, place="log", count=12, count_before=0, text="…", evidence_id="o1"
    )


def judge(mechanism: str, *seen: Observation, texts: tuple[SignatureMatch, ...] = ()) -> Finding:
    return DETECTORS[mechanism](Evidence(observations=Observations(seen), signatures=texts, now=AT))


def line(example: str, count: float = 8, **labels: str) -> Reading:
    first = (AT - timedelta(seconds=20)).isoformat()
    return r("log.template", count, example=example, before="0", first_seen=first, **labels)


# --- half an answer


def test_an_answer_that_ends_early_is_truncated_and_no_reset() -> None:
    half = f("service.first_byte", FailureKind.RESET, service=BANK, reason="truncated")

    assert judge("external-response-truncated", half).state is State.PRESENT
    assert judge("external-connection-reset", half).state is not State.PRESENT


def test_a_connection_that_is_cut_before_the_answer_is_a_reset_and_not_truncated() -> None:
    cut = f("service.first_byte", FailureKind.RESET, service=BANK)

    assert judge("external-connection-reset", cut).state is State.PRESENT
    assert judge("external-response-truncated", cut).state is State.UNKNOWN


# --- an answer of another shape

STUMBLE = line("KeyError: 'rate'", exception="KeyError", frame="parse (bank/rates.py:31)")
OUTSIDE = r("code.talks_outside", 1, file="bank/rates.py", client="httpx")


def test_code_that_reads_answers_and_stumbles_without_a_deploy_met_another_answer() -> None:
    finding = judge("external-response-schema-changed", STUMBLE, OUTSIDE)

    assert finding.state is State.PRESENT
    assert "parse (bank/rates.py:31)" in finding.sentence


def test_the_same_stumble_right_after_a_deploy_says_little() -> None:
    commit = r("change.commit", 60, sha="abc", subject="Rates", files="2")

    before, after = (
        judge("external-response-schema-changed", STUMBLE, OUTSIDE),
        judge("external-response-schema-changed", STUMBLE, OUTSIDE, commit),
    )

    assert 0 < after.strength < before.strength


def test_a_stumble_elsewhere_is_not_an_answer_of_another_shape() -> None:
    own = line("KeyError: 'total'", exception="KeyError", frame="total (shop/cart.py:9)")

    assert judge("external-response-schema-changed", own, OUTSIDE).state is State.ABSENT
    assert judge("external-response-schema-changed", own).state is State.UNKNOWN


# --- 404 of theirs

GONE = line("bank rates failed after 0.02s: HTTP 404")


def test_a_404_since_our_own_restart_is_an_address_of_ours_that_is_wrong() -> None:
    young = r("process.age", 25, pid="7")

    assert (
        judge("wrong-base-url-or-path", GONE, young).strength > judge("external-endpoint-removed", GONE, young).strength
    )


def test_a_404_out_of_the_blue_is_an_endpoint_that_they_removed() -> None:
    old = r("process.age", 90_000, pid="7")

    assert judge("external-endpoint-removed", GONE, old).strength > judge("wrong-base-url-or-path", GONE, old).strength


def test_a_404_that_was_always_there_is_neither() -> None:
    usual = r("log.template", 8, example="bank rates failed: HTTP 404", before="8")
    read = r("log.lines", 100, window="recent")

    assert judge("wrong-base-url-or-path", usual, read).state is State.ABSENT
    assert judge("external-endpoint-removed", usual, read).state is not State.PRESENT


# --- addresses of one name

SIXTH = f("service.connect", FailureKind.REFUSED, service=BANK, address="::1")
FOURTH = r("service.connect", 0.001, service=BANK, address="127.0.0.1")
REFUSED = (said("external-connection-refused"),)


def test_a_name_whose_first_address_refuses_while_the_second_answers_explains_refused_calls() -> None:
    finding = judge("ipv6-localhost-preferred", SIXTH, FOURTH, texts=REFUSED)

    assert finding.state is State.PRESENT
    assert finding.subject["address"] == "::1"
    assert judge("external-connection-refused", SIXTH, FOURTH, texts=REFUSED).state is State.ABSENT


def test_without_failing_calls_a_deaf_first_address_is_only_a_hint() -> None:
    calm = judge("ipv6-localhost-preferred", SIXTH, FOURTH)

    assert 0 < calm.strength < judge("ipv6-localhost-preferred", SIXTH, FOURTH, texts=REFUSED).strength


def test_a_service_that_refuses_at_its_only_address_is_refused_and_no_matter_of_families() -> None:
    assert judge("external-connection-refused", SIXTH).state is State.PRESENT
    assert judge("ipv6-localhost-preferred", SIXTH, r("service.connect", 0.1, service="other")).state is State.ABSENT


# --- proxies

PROXY = r("process.environment", 1, pid="7", name="https_proxy", digest="d")
PLAIN = r("process.environment", 1, pid="7", name="PATH", digest="d")


def test_connections_that_fail_for_the_application_only_are_its_proxy() -> None:
    assert judge("proxy-misconfigured", PROXY, PLAIN, FOURTH, texts=REFUSED).state is State.PRESENT


def test_without_a_proxy_variable_it_is_not_the_proxy() -> None:
    assert judge("proxy-misconfigured", PLAIN, FOURTH, texts=REFUSED).state is State.ABSENT


def test_a_service_that_refuses_us_too_is_hardly_the_proxy() -> None:
    both = judge("proxy-misconfigured", PROXY, f("service.connect", FailureKind.REFUSED, service=BANK), texts=REFUSED)

    assert both.strength < judge("proxy-misconfigured", PROXY, FOURTH, texts=REFUSED).strength


# --- the name that the service is called by


def test_a_service_that_names_the_host_as_invalid_is_configured_for_other_names() -> None:
    refused = r("endpoint.status", 400, url="http://shop.example", path="/", says="Invalid host header")
    ordinary = r("endpoint.status", 400, url="http://shop.example", path="/", says='{"detail": "day is missing"}')
    fine = r("endpoint.status", 200, url="http://shop.example", path="/health")

    assert judge("allowed-hosts-or-cors-misconfigured", refused).state is State.PRESENT
    assert judge("allowed-hosts-or-cors-misconfigured", ordinary, fine).state is State.ABSENT


# --- TLS to a port that speaks none


def test_a_handshake_that_hangs_at_a_plain_port_is_a_matter_of_the_scheme() -> None:
    hangs = f("service.tls", FailureKind.TIMEOUT, service=BANK)
    plain = f("service.tls", FailureKind.TLS, service=BANK, reason="plain_http")

    assert judge("tls-plain-http-mismatch", hangs, plain).state is State.PRESENT
    assert judge("tls-handshake-interrupted", hangs, plain).state is not State.PRESENT
    assert judge("tls-handshake-interrupted", hangs).state is State.PRESENT


# --- another database

CONNECTED = r("postgres.connect", 0.01, host="db", port="5432", database="shop", address="10.0.0.7")


def wanted(text: str) -> Reading:
    return line(f"OperationalError: {text}", exception="psycopg.OperationalError")


def test_an_application_that_wants_a_database_that_does_not_exist_has_a_wrong_url() -> None:
    finding = judge("db-url-wrong-host-or-port", CONNECTED, wanted('FATAL:  database "shop_prod" does not exist'))

    assert finding.state is State.PRESENT
    assert "shop_prod" in finding.sentence


def test_an_application_that_is_refused_at_another_port_than_ours_has_a_wrong_url() -> None:
    refused = 'connection to server at "db" (10.0.0.7), port {} failed: Connection refused'

    assert judge("db-url-wrong-host-or-port", CONNECTED, wanted(refused.format(5433))).state is State.PRESENT
    assert judge("db-url-wrong-host-or-port", CONNECTED, wanted(refused.format(5432))).state is State.ABSENT


def test_a_service_that_refuses_a_coroutine_is_no_database() -> None:
    elsewhere = wanted("ConnectionRefusedError: [Errno 111] Connect call failed ('10.0.0.9', 443)")

    assert judge("db-url-wrong-host-or-port", CONNECTED, elsewhere).state is State.ABSENT


# --- what we send


def test_a_payload_that_is_refused_since_a_deploy_is_our_own_doing() -> None:
    refused = line("bank transfer: HTTP 400: amount is missing")
    commit = r("change.commit", 60, sha="abc", subject="Amounts", files="2")
    own = "own-bug-bad-request-payload"

    assert judge(own, refused, commit).strength > judge(own, refused).strength > 0
    assert judge(own, line("bank transfer: HTTP 503"), commit).state is State.UNKNOWN
