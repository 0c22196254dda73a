"""ExternalServiceMonitor against loopback services that speak Google's and Telegram's protocols and misbehave."""

import asyncio
import socket
import threading

import pytest
from examples.meeting_scheduler.fakes import responders
from examples.support.fakes import Fakes

from diagnostics.errors import ConfigurationError
from diagnostics.runtime.clock import SYSTEM_CLOCK
from diagnostics.runtime.http import request
from diagnostics.system_monitor.probes.oauth import TokenProbe
from diagnostics.system_monitor.services import ExternalServiceMonitor

BOT = "7000000001:AAloopbackTokenForTests"


class Running:
    """The services on a loop of their own."""

    def __init__(self, folder):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._fakes = Fakes(folder, responders)
        self.at = self._do(self._fakes.start())

    def _do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    def behave(self, service, **change):
        self._do(self._fakes.control({"service": service, **change}))

    def normal(self):
        self._do(self._fakes.control({"normal": True}))

    def end(self):
        async def stop():
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()

        self._do(stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    fakes = Running(tmp_path_factory.mktemp("fakes"))
    yield fakes
    fakes.end()


@pytest.fixture
def fakes(running):
    running.normal()
    yield running
    running.normal()


def refresh(fakes, **more):
    return TokenProbe(
        token_url=fakes.at["token"], client_id="loopback", client_secret="loopback-secret", refresh_token="1//x", **more
    )


def fresh_token(fakes):
    form = b"grant_type=refresh_token&refresh_token=1%2F%2Fx&client_id=loopback&client_secret=s"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    body = request(fakes.at["token"], SYSTEM_CLOCK, method="POST", headers=headers, body=form).body
    return body.decode().partition('"access_token": "')[2].partition('"')[0] or body.decode().split('"')[3]


def root(url):
    return url.partition("/calendar/v3")[0]


def watching(fakes, *, tls=False, **more):
    monitor = ExternalServiceMonitor()
    suffix = "_tls" if tls else ""
    ca = fakes.at["ca_file"] if tls else None
    monitor.add_google_calendar(
        access_token=fresh_token(fakes), base_url=root(fakes.at[f"calendar{suffix}"]), ca_file=ca, **more
    )
    monitor.add_telegram(token=BOT, base_url=fakes.at[f"telegram{suffix}"], ca_file=ca)
    return monitor


def test_both_presets_are_healthy_step_by_step(fakes):
    found = watching(fakes, tls=True, refresh=refresh(fakes)).check_services()

    for health in found.values():
        assert health.verdict.side == "healthy", health.verdict
        assert health.body_ok is True
        assert min(health.dns_ms, health.connect_ms, health.tls_ms, health.first_byte_ms) >= 0
        assert 80 < health.certificate_expires_in_days <= 90
    assert found["google-calendar"].token == "refreshed"
    assert found["google-calendar"].token_expires_in_seconds == 3599
    assert BOT not in found["telegram"].to_json()


@pytest.mark.parametrize(
    ("behaviour", "side", "reason"),
    [
        ({"status": 503}, "theirs", "server_error"),
        ({"status": 500}, "theirs", "server_error"),
        ({"status": 429, "retry_after": 30}, "our_quota", "rate_limited"),
        ({"status": 403, "reason": "userRateLimitExceeded"}, "our_quota", "rate_limited"),
        ({"status": 403, "reason": "quotaExceeded"}, "our_quota", "rate_limited"),
        ({"status": 403, "reason": "insufficientPermissions"}, "our_credential", "token_scope"),
        ({"status": 403, "reason": "forbidden"}, "our_credential", "not_allowed"),
        ({"status": 401}, "our_credential", "not_accepted"),
        ({"status": 400}, "our_code", "bad_request"),
        ({"reset": True}, "theirs", "cut_off"),
        ({"truncate": True}, "theirs", "truncated"),
        ({"schema": "html"}, "theirs", "wrong_answer"),
        ({"listening": False}, "theirs", "refused"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_google_does_has_a_side_and_a_reason(fakes, behaviour, side, reason):
    monitor = watching(fakes)
    fakes.behave("calendar", **behaviour)

    verdict = monitor.check_services()["google-calendar"].verdict

    assert (verdict.side, verdict.reason) == (side, reason), verdict


@pytest.mark.parametrize(
    ("kind", "side", "reason"),
    [
        ("expired", "theirs", "certificate_expired"),
        ("not_yet_valid", "theirs", "certificate_not_yet_valid"),
        ("wrong_host", "theirs", "certificate_name"),
        ("self_signed", "theirs", "certificate_self_signed"),
        ("unknown_ca", "theirs", "chain_incomplete"),
    ],
)
def test_a_bad_certificate_has_a_side(fakes, kind, side, reason):
    monitor = watching(fakes, tls=True)
    fakes.behave("calendar", tls=kind)

    health = monitor.check_services()["google-calendar"]

    assert (health.verdict.side, health.verdict.reason) == (side, reason), health.verdict
    assert health.certificate_expires_in_days is not None


@pytest.mark.parametrize(
    ("error", "token"), [("invalid_grant", "revoked"), ("invalid_client", "client"), ("invalid_scope", "scope")]
)
def test_a_refused_refresh_is_our_credential_with_its_reason(fakes, error, token):
    monitor = watching(fakes, refresh=refresh(fakes))
    fakes.behave("token", token_error=error)

    health = monitor.check_service("google-calendar")

    assert (health.verdict.side, health.verdict.reason, health.token) == ("our_credential", f"token_{token}", token)


def test_a_scope_that_was_not_granted_is_named(fakes):
    mail = "https://www.googleapis.com/auth/gmail.send"
    wanted = ("https://www.googleapis.com/auth/calendar", mail)

    verdict = watching(fakes, refresh=refresh(fakes, scopes=wanted)).check_service("google-calendar").verdict

    assert (verdict.side, verdict.reason) == ("our_credential", "token_scope")
    assert mail in verdict.because


def test_a_token_endpoint_that_is_down_is_no_refusal(fakes):
    monitor = watching(fakes, refresh=refresh(fakes))
    fakes.behave("token", listening=False)

    health = monitor.check_service("google-calendar")

    assert (health.verdict.side, health.verdict.reason, health.token) == ("theirs", "token_endpoint", "network")


def test_a_bot_token_that_telegram_does_not_know_is_our_credential(fakes):
    monitor = ExternalServiceMonitor()
    monitor.add_telegram(token="no-colon", base_url=fakes.at["telegram"])

    assert monitor.check_service("telegram").verdict.side == "our_credential"


def test_when_nothing_can_be_reached_it_is_our_network():
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        monitor = ExternalServiceMonitor()
        monitor.add_service("one", f"http://127.0.0.1:{port}/")
        monitor.add_service("two", f"http://127.0.0.1:{port}/")
        found = monitor.check_services()

    assert {health.verdict.side for health in found.values()} == {"our_network"}


def test_real_calls_that_fail_while_the_probe_is_well_are_ours(fakes):
    monitor = watching(fakes)
    for number in range(100):
        monitor.calls.record("telegram", 0.05, status=400 if number % 10 == 0 else 200)

    health = monitor.check_service("telegram")

    assert (health.verdict.side, health.verdict.reason) == ("our_code", "bad_request")
    assert "10.0 % of 100" in health.verdict.because


def test_real_calls_that_are_slow_around_a_fast_service_are_ours(fakes):
    monitor = watching(fakes)
    for _ in range(50):
        monitor.calls.record("telegram", 3.0, status=200)

    assert monitor.check_service("telegram").verdict.reason == "slow_around_the_call"


def test_a_service_that_nobody_watches_is_refused_with_those_that_are(fakes):
    with pytest.raises(ConfigurationError, match="telegram"):
        watching(fakes).check_service("jira")
    with pytest.raises(ConfigurationError):
        ExternalServiceMonitor().add_service("x", "ftp://example.org")
