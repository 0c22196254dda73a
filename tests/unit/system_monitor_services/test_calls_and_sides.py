"""Statistics of real calls, promises, and sides that need no service to be seen."""

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.model.observation import FailureKind, Observations, ProbeFailure, Reading, Unit
from diagnostics.system_monitor.probes.oauth import refusal
from diagnostics.system_monitor.probes.services import rate_limits, refusal_of
from diagnostics.system_monitor.service_calls import CallStatistics, outcome_of
from diagnostics.system_monitor.service_side import whose_side
from diagnostics.testing import FakeClock

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


@given(st.lists(st.floats(1e-4, 100.0), min_size=1, max_size=300), st.sampled_from(["p50", "p95", "p99"]))
def test_percentiles_are_within_two_percent_of_the_true_ones(seconds, name):
    calls = CallStatistics(FakeClock())
    for each in seconds:
        calls.record("x", each, 200)

    share = {"p50": 0.5, "p95": 0.95, "p99": 0.99}[name]
    true = sorted(seconds)[int(share * (len(seconds) - 1))]
    assert calls.summary("x")[name] == pytest.approx(true, rel=0.0201)


def test_old_minutes_are_forgotten_and_memory_is_bounded():
    clock = FakeClock()
    calls = CallStatistics(clock)
    for _ in range(3 * 60):
        calls.record("x", 0.1, 500)
        clock.sleep(60)
    clock.sleep(60)
    calls.record("x", 0.1, 200)

    assert calls.summary("x", minutes=1).outcomes == {"ok": 1}
    assert calls.summary("x", minutes=600).calls == 60  # an hour of minutes is kept
    for number in range(1000):
        calls.record(f"service {number}", 0.1, 200)
    assert len(calls.services) <= 201
    assert calls.summary("other").calls > 700


def test_a_block_is_timed_and_its_exception_passes_through():
    clock = FakeClock()
    calls = CallStatistics(clock)
    error = TimeoutError("slow")

    def slow():
        with calls.call("x"):
            clock.sleep(2)
            raise error

    with pytest.raises(TimeoutError) as caught:
        slow()

    assert caught.value is error
    assert calls.summary("x").outcomes == {"timeout": 1}
    assert calls.summary("x").p50 == pytest.approx(2.0, rel=0.02)


@pytest.mark.parametrize(
    ("status", "error", "outcome"),
    [
        (200, "", "ok"),
        (302, "", "ok"),
        (404, "", "client_error"),
        (401, "", "credential"),
        (429, "", "limited"),
        (502, "", "server_error"),
        (0, "ReadTimeout", "timeout"),
        (0, "SSLCertVerificationError", "tls"),
        (0, "ConnectError", "network"),
        (200, "JSONDecodeError", "wrong_answer"),
    ],
)
def test_each_call_has_one_class(status, error, outcome):
    assert outcome_of(status, error) == outcome


def test_a_promise_is_judged_by_its_interval():
    rng = random.Random(1)
    for share, calls_made, expected in ((1.0, 5000, "kept"), (0.9, 5000, "broken"), (0.99, 20, "unclear")):
        calls = CallStatistics(FakeClock())
        for _ in range(calls_made):
            calls.record("x", 0.1, 200 if rng.random() < share else 503)
        found = calls.promise("x", 0.99)
        assert found.verdict == expected, found
        assert found.good.low <= found.good.rate <= found.good.high
    assert CallStatistics(FakeClock()).promise("x").verdict == "unknown"


def test_a_promise_of_time_counts_slow_answers_and_ours_are_not_theirs():
    calls = CallStatistics(FakeClock())
    for number in range(1000):
        calls.record("x", 3.0 if number % 5 == 0 else 0.1, 200)
        calls.record("x", 0.1, 404)

    found = calls.promise("x", 0.95, within_seconds=1.0)

    assert found.good.n == 1000
    assert found.good.rate == pytest.approx(0.8)
    assert found.verdict == "broken"


def test_the_recent_minutes_and_those_before_them_are_told_apart():
    clock = FakeClock()
    calls = CallStatistics(clock)
    for _ in range(8):
        for _ in range(10):
            calls.record("x", 0.1, 200)
        clock.sleep(60)
    for _ in range(10):
        calls.record("x", 2.0, 503)

    seen = Observations(calls.observe())

    assert seen.value("service.passive.error_ratio", service="x", window="before") == 0
    assert seen.value("service.passive.p95", service="x", window="recent") == pytest.approx(2.0, rel=0.05)
    assert seen.value("service.passive.error_ratio", service="x", window="recent") > 0.3


def item(name, value, **labels):
    return Reading(name=name, value=value, unit=Unit.COUNT, at=NOW, labels={"service": "x"} | labels)


def missing(name, kind, **labels):
    return ProbeFailure(name=name, kind=kind, message=f"{kind.value}!", at=NOW, labels={"service": "x"} | labels)


@pytest.mark.parametrize(
    ("seen", "side", "reason"),
    [
        ([missing("service.dns", FailureKind.DNS_NOT_FOUND)], "our_code", "name_not_found"),
        ([missing("service.dns", FailureKind.DNS_UNAVAILABLE)], "our_network", "resolver"),
        ([missing("service.connect", FailureKind.UNREACHABLE)], "our_network", "no_route"),
        ([missing("service.connect", FailureKind.TIMEOUT)], "unknown", "connect_timeout"),
        (
            [item("service.connect", 1), missing("service.tls", FailureKind.TLS, reason="plain_http")],
            "our_code",
            "plain_http",
        ),
        (
            [
                item("service.connect", 1),
                missing("service.tls", FailureKind.TLS, reason="unknown_ca"),
                item("service.certificate.chain_length", 2),
            ],
            "our_code",
            "unknown_authority",
        ),
        (
            [item("service.connect", 1), item("service.status", 401), item("service.clock_offset", 400)],
            "our_credential",
            "clock_skew",
        ),
        (
            [item("service.connect", 1), item("service.token", 0, error="invalid_grant", reason="clock_skew")],
            "our_credential",
            "clock_skew",
        ),
        ([item("service.connect", 1), item("service.token.expires_in", -5)], "our_credential", "token_expired"),
        (
            [item("service.connect", 1), item("service.status", 200), item("service.rate_limit.remaining", 0)],
            "our_quota",
            "rate_limited",
        ),
        ([], "unknown", "not_asked"),
    ],
)
def test_each_sign_has_a_side(seen, side, reason):
    found = whose_side("x", Observations(seen))

    assert (found.side, found.reason) == (side, reason), found


def test_a_timeout_is_theirs_when_another_service_answers():
    others = Observations(
        [Reading(name="service.connect", value=0.1, unit=Unit.SECONDS, at=NOW, labels={"service": "y"})]
    )

    found = whose_side("x", Observations([missing("service.connect", FailureKind.TIMEOUT)]), others=others)

    assert found.side == "theirs"


def test_limits_are_read_in_their_usual_spellings():
    assert rate_limits({"ratelimit-limit": "100", "ratelimit-remaining": "7", "ratelimit-reset": "30"}, NOW) == {
        "remaining": 7.0,
        "limit": 100.0,
        "reset": 30.0,
    }
    later = str(int(NOW.timestamp()) + 90)
    assert rate_limits({"x-ratelimit-reset": later}, NOW) == {"reset": 90.0}
    assert rate_limits({"x-ratelimit-remaining": "many"}, NOW) == {}


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b'{"error": {"errors": [{"reason": "rateLimitExceeded"}]}}', "rateLimitExceeded"),
        (
            b'{"error": {"code": 403, "status": "PERMISSION_DENIED", "details": [{"reason": "SERVICE_DISABLED"}]}}',
            "SERVICE_DISABLED",
        ),
        (b'{"error": "invalid_token"}', "invalid_token"),
        (b'{"error": "a sentence <script>"}', ""),
        (b"[" * 100_000, ""),
        (b'{"error": {"errors": "x"}}', ""),
        (b"", ""),
    ],
)
def test_the_reason_of_a_refusal_is_one_word_or_nothing(body, word):
    assert refusal_of(body) == word


@given(st.binary(max_size=200))
def test_any_body_has_a_reason_or_none(body):
    assert isinstance(refusal_of(body), str)


def test_a_skewed_clock_is_told_from_a_revoked_token():
    assert refusal("invalid_grant", "Token has been expired or revoked.") == "revoked"
    assert refusal("invalid_grant", "Invalid JWT: iat and exp values in the JWT claim") == "clock_skew"
    assert refusal("something_new", "") == "other"
