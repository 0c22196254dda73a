"""Service, token and TCP probes against loopback servers that misbehave like real ones."""

import asyncio
import contextlib
import json
import socket
import ssl
import struct
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest
from examples.support.certificates import write_certificates

from diagnostics.errors import ConfigurationError
from diagnostics.model.observation import FailureKind, Observations
from diagnostics.runtime.clock import SYSTEM_CLOCK
from diagnostics.system_monitor.probes.oauth import TokenProbe
from diagnostics.system_monitor.probes.services import GoogleCalendar, ServiceProbe, TelegramBotApi
from diagnostics.system_monitor.services import ExternalServiceMonitor, tcp_connect


def look(url, **more):
    return Observations(ServiceProbe(url, service="calendar", **more).observe(SYSTEM_CLOCK))


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def date_time_string(self, timestamp=None):
        return formatdate(time.time() + self.server.skew, usegmt=True)

    def do_GET(self):
        self.server.seen.append((self.path, dict(self.headers)))
        self.server.answer(self)

    def do_POST(self):
        self.server.seen.append((self.path, parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())))
        self.server.answer(self)


def reply(status=200, body=b"{}", delay=0.0, **headers):
    def answer(handler):
        time.sleep(delay)
        handler.send_response(status)
        for name, value in {"Content-Length": len(body), **headers}.items():
            handler.send_header(name.replace("_", "-"), str(value))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@contextlib.contextmanager
def serving(answer, *, skew=0.0, pem=None, version=None):
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None
    server.answer, server.seen, server.skew = answer, [], skew
    if pem is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        if version is not None:
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, version
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    server.url = f"{'https' if pem else 'http'}://127.0.0.1:{server.server_address[1]}"
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def raw(answer):
    """A TCP server that does to each connection what ``answer`` says."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            while True:
                try:
                    line, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=talk, args=(line,), daemon=True).start()

        def talk(line):
            with line, contextlib.suppress(OSError):
                answer(line)

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def reset(line):
    line.recv(1000)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return write_certificates(tmp_path_factory.mktemp("certificates"))


def test_a_healthy_service_is_timed_step_by_step(certificates):
    with serving(reply(200, X_RateLimit_Remaining=17), pem=certificates["valid"]) as server:
        seen = look(server.url, ca_file=str(certificates["ca"]))

    assert not seen.all_failures()
    assert seen.value("service.dns", host="127.0.0.1") < 1
    assert seen.value("service.connect", address="127.0.0.1") < 1
    assert seen.last("service.tls").labels["version"] == "TLSv1.3"
    assert 80 * 86400 < seen.value("service.certificate.expires_in") < 91 * 86400
    assert [r.value for r in seen.readings("service.status")] == [200, 200, 200]
    assert len(seen.readings("service.first_byte")) == 3
    assert seen.value("service.rate_limit.remaining") == 17
    assert abs(seen.value("service.clock_offset")) <= 1.5
    assert {r.labels["service"] for r in seen} == {"calendar"}


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("expired", "expired"),
        ("not_yet_valid", "not_yet_valid"),
        ("self_signed", "self_signed"),
        ("unknown_ca", "unknown_ca"),
        ("wrong_host", "hostname"),
    ],
)
def test_a_bad_certificate_has_its_reason_and_is_still_read(certificates, kind, reason):
    with serving(reply(), pem=certificates[kind]) as server:
        seen = look(server.url, ca_file=str(certificates["ca"]))

    ((_, failure),) = seen.failures("service.tls")
    assert (failure.kind, failure.labels["reason"]) == (FailureKind.TLS, reason)
    expires = seen.value("service.certificate.expires_in")
    assert (expires < 0) is (kind == "expired")
    assert not seen.readings("service.status")


def test_plain_http_behind_https_is_told():
    with serving(reply()) as server:
        seen = look(server.url.replace("http", "https"))

    ((_, failure),) = seen.failures("service.tls")
    assert failure.labels["reason"] == "plain_http"


def test_an_old_protocol_is_told(certificates):
    with serving(reply(), pem=certificates["valid"], version=ssl.TLSVersion.TLSv1_1) as server:
        seen = look(server.url, ca_file=str(certificates["ca"]))

    ((_, failure),) = seen.failures("service.tls")
    assert failure.labels["reason"] == "protocol"


def test_a_handshake_that_nobody_answers_ends(certificates):
    with raw(lambda line: time.sleep(6)) as port:
        started = time.monotonic()
        seen = look(f"https://127.0.0.1:{port}", timeout_seconds=0.4)

    assert time.monotonic() - started < 5
    ((_, failure),) = seen.failures("service.tls")
    assert failure.kind is FailureKind.TIMEOUT


def test_a_limited_service_is_asked_once_only():
    with serving(reply(429, Retry_After=30, X_RateLimit_Remaining=0)) as server:
        seen = look(server.url)

    assert [r.value for r in seen.readings("service.status")] == [429]
    assert seen.value("service.retry_after") == 30
    assert seen.value("service.rate_limit.remaining") == 0
    assert len(server.seen) == 1


def test_a_slow_service_is_slow_and_a_dead_one_a_timeout():
    with serving(reply(delay=0.3)) as server:
        assert look(server.url, times=1).value("service.first_byte") > 0.3
        seen = look(server.url, timeout_seconds=0.1)

    ((_, failure),) = seen.failures("service.first_byte")
    assert (failure.kind, failure.labels["phase"]) == (FailureKind.TIMEOUT, "http")


def test_a_server_that_drips_bytes_cannot_keep_us():
    def drip(line):
        line.recv(1000)
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(100):
            line.sendall(b"x")
            time.sleep(0.05)

    with raw(drip) as port:
        started = time.monotonic()
        seen = look(f"http://127.0.0.1:{port}", timeout_seconds=0.4)

    assert time.monotonic() - started < 4.5
    assert seen.failures("service.first_byte")[0][1].kind is FailureKind.TIMEOUT


def test_a_reset_is_a_reset():
    with raw(reset) as port:
        seen = look(f"http://127.0.0.1:{port}")

    assert {f.kind for _, f in seen.failures("service.first_byte")} == {FailureKind.RESET}


def test_a_truncated_answer_is_no_answer():
    def half(line):
        line.recv(1000)
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")

    with raw(half) as port:
        seen = look(f"http://127.0.0.1:{port}", times=1)

    ((_, failure),) = seen.failures("service.first_byte")
    assert failure.kind is FailureKind.RESET


def test_something_that_is_no_http_is_a_protocol_failure():
    def speak(line):
        line.recv(1000)
        line.sendall(b"220 mail.example ESMTP\r\n")

    with raw(speak) as port:
        seen = look(f"http://127.0.0.1:{port}", times=1)

    assert seen.failures("service.first_byte")[0][1].kind is FailureKind.PROTOCOL


def test_a_closed_port_is_refused():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    seen = look(f"http://127.0.0.1:{port}")

    ((_, failure),) = seen.failures("service.connect")
    assert (failure.kind, failure.labels["address"], failure.labels["errno"]) == (
        FailureKind.REFUSED,
        "127.0.0.1",
        "111",
    )


def test_a_name_that_does_not_exist_is_a_dns_failure():
    ((_, failure),) = look("https://no-such-host.invalid").failures("service.dns")

    assert failure.kind in {FailureKind.DNS_NOT_FOUND, FailureKind.DNS_UNAVAILABLE}
    assert failure.labels["host"] == "no-such-host.invalid"


def test_a_clock_that_is_wrong_shows_in_the_date_header():
    with serving(reply(), skew=600) as server:
        assert look(server.url).value("service.clock_offset") == pytest.approx(600, abs=2)


def test_tokens_are_sent_and_never_shown():
    with serving(reply(401)) as server:
        telegram = Observations(
            TelegramBotApi("123456:AAHsecretsecretsecretsecret", base_url=server.url).observe(SYSTEM_CLOCK)
        )
        google = Observations(GoogleCalendar("ya29.secret", base_url=server.url).observe(SYSTEM_CLOCK))

    assert server.seen[0][0] == "/bot123456:AAHsecretsecretsecretsecret/getMe"
    assert server.seen[-1][1]["Authorization"] == "Bearer ya29.secret"
    assert telegram.value("service.status", service="telegram") == 401
    assert google.value("service.status", service="google-calendar") == 401
    assert "secret" not in repr(list(telegram) + list(google))


def token(server, **more):
    probe = TokenProbe(
        token_url=server.url,
        client_id="id",
        client_secret="cs-secret",
        refresh_token="rt-secret",
        service="google",
        **more,
    )
    return Observations(probe.observe(SYSTEM_CLOCK))


def test_a_token_is_refreshed():
    with serving(reply(200, json.dumps({"access_token": "at-secret"}).encode())) as server:
        seen = token(server)

    assert seen.value("service.token", service="google") == 1
    assert server.seen[0][1]["refresh_token"] == ["rt-secret"]
    assert "secret" not in repr(list(seen))


@pytest.mark.parametrize(
    ("error", "shown"),
    [("invalid_grant", "invalid_grant"), ("invalid_client", "invalid_client"), ("<script>", "other")],
)
def test_a_refused_token_has_its_reason(error, shown):
    with serving(reply(400, json.dumps({"error": error}).encode())) as server:
        seen = token(server)

    assert seen.value("service.token", error=shown) == 0


def test_a_token_endpoint_that_is_down_is_no_refusal():
    with serving(reply(503, b"down")) as server:
        seen = token(server)

    assert not seen.readings("service.token")
    assert seen.failures("service.token")[0][1].kind is FailureKind.PROTOCOL


# -- facade --------------------------------------------------------------------------------------------------


def test_the_facade_answers_like_a_mapping():
    with serving(reply(200)) as server:
        metrics = ExternalServiceMonitor().test_service_connectivity("calendar", server.url + "/x?token=abc-secret")

    assert metrics["success"] is True
    assert (metrics["status_code"], metrics["service_name"], metrics["error_message"]) == (
        200,
        "calendar",
        None,
    )
    assert metrics["response_time_ms"] > 0
    assert "secret" not in metrics.to_json()


@pytest.mark.parametrize("status", [404, 503])
def test_a_bad_status_is_no_success_but_an_answer(status):
    with serving(reply(status)) as server:
        metrics = ExternalServiceMonitor().test_service_connectivity("x", server.url)

    assert (metrics.success, metrics.status_code) == (False, status)


def test_no_answer_says_which_step_failed():
    metrics = ExternalServiceMonitor().test_service_connectivity("x", "http://127.0.0.1:1/", timeout=1)

    assert (metrics.success, metrics.status_code) == (False, 0)
    assert "tcp, refused" in metrics.error_message


def test_wrong_arguments_are_refused():
    with pytest.raises(ConfigurationError):
        ExternalServiceMonitor().test_service_connectivity("x", "http://127.0.0.1:1/", timeout=0)
    with pytest.raises(ConfigurationError):
        ExternalServiceMonitor().test_service_connectivity("x", "gopher://x")


def test_the_event_loop_goes_on_while_a_service_is_slow():
    async def both(url):
        ticks = 0
        task = asyncio.create_task(ExternalServiceMonitor().atest_service_connectivity("x", url))
        while not task.done():
            await asyncio.sleep(0.01)
            ticks += 1
        return ticks, await task

    with serving(reply(delay=0.3)) as server:
        ticks, metrics = asyncio.run(both(server.url))

    assert metrics.success
    assert ticks > 10


def test_a_logger_hears_of_it_without_secrets(caplog):
    caplog.set_level("INFO")
    with serving(reply(200)) as server:
        ExternalServiceMonitor().test_service_connectivity("x", server.url + "/?api_key=abc-secret")

    assert "service_connectivity" in caplog.text
    assert "abc-secret" not in caplog.text


def test_tcp_connect_times_each_address():
    with raw(lambda line: None) as port:
        seen = tcp_connect("127.0.0.1", port)

    assert seen.value("tcp.connect", address="127.0.0.1", port=str(port)) < 1
    assert tcp_connect("127.0.0.1", 1).failures("tcp.connect")[0][1].kind is FailureKind.REFUSED
    assert tcp_connect("no-such-host.invalid", 1).failures("tcp.dns")
