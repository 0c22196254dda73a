import json
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from diagnostics.errors import ConfigurationError
from diagnostics.model.observation import FailureKind, Observations
from diagnostics.plugins.protocols import Probe
from diagnostics.runtime.http import kind_of_os_error, locate, tls_reason
from diagnostics.system_monitor.probes.endpoint import EndpointProbe, harmless_operations
from diagnostics.system_monitor.probes.oauth import TokenProbe
from diagnostics.system_monitor.probes.services import (
    GoogleCalendar,
    ServiceProbe,
    TelegramBotApi,
    http_date,
    retry_after,
)
from diagnostics.system_monitor.probes.tls import _parse_with_ssl, parse_certificate

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_a_url_gives_host_port_and_target():
    place = locate("https://api.example.com/v1/x?y=1")

    assert (place.host, place.port, place.target) == ("api.example.com", 443, "/v1/x?y=1")
    assert locate("http://[::1]:8000").authority == "[::1]:8000"
    assert place.authority == "api.example.com"


@pytest.mark.parametrize("url", ["ftp://x/y", "https://", "http://host:notaport/", "postgresql://u:secret@h/x"])
def test_what_is_no_web_address_is_refused_without_its_secret(url):
    with pytest.raises(ConfigurationError) as caught:
        locate(url)

    assert "secret" not in str(caught.value)


def test_retry_after_is_a_number_or_a_date():
    assert retry_after("120", NOW) == 120
    assert retry_after("Thu, 01 Jan 2026 12:00:30 GMT", NOW) == 30
    assert retry_after("Thu, 01 Jan 2026 11:00:00 GMT", NOW) == 0
    assert retry_after("", NOW) is None
    assert retry_after("soon", NOW) is None


def test_http_dates_are_aware():
    assert http_date("Thu, 01 Jan 2026 12:00:00 GMT") == NOW
    assert http_date("nonsense") is None


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (TimeoutError(), "timeout"),
        (ConnectionRefusedError(111, "x"), "refused"),
        (ConnectionResetError(104, "x"), "reset"),
        (OSError(101, "Network is unreachable"), "unreachable"),
        (OSError(113, "No route to host"), "unreachable"),
        (OSError(24, "Too many open files"), "exhausted"),
        (PermissionError(13, "x"), "forbidden"),
        (OSError(5, "x"), "error"),
    ],
)
def test_errors_of_sockets_have_kinds(error, kind):
    assert kind_of_os_error(error).value == kind


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)", "plain_http"),
        ("[SSL: RECORD_LAYER_FAILURE] record layer failure", "plain_http"),
        ("[SSL: TLSV1_ALERT_PROTOCOL_VERSION] tlsv1 alert protocol version", "protocol"),
        ("[SSL: UNSUPPORTED_PROTOCOL] unsupported protocol", "protocol"),
        ("[SSL: SSLV3_ALERT_HANDSHAKE_FAILURE] sslv3 alert handshake failure", "protocol"),
        ("[SSL: SOMETHING_NEW]", "other"),
    ],
)
def test_a_failed_handshake_has_a_reason(text, reason):
    assert tls_reason(ssl.SSLError(1, text)) == reason


def certificate(start, end):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x.example")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(5).not_valid_before(start).not_valid_after(end)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


@pytest.mark.parametrize("years", [1, 40])
def test_certificates_are_read_with_and_without_cryptography(years):
    end = NOW + timedelta(days=365 * years)
    der = certificate(NOW - timedelta(days=1), end)

    assert parse_certificate(der).not_after == end
    assert parse_certificate(der).subject == "CN=x.example"
    assert _parse_with_ssl(der).not_after == end


def test_rubbish_is_no_certificate():
    assert parse_certificate(b"rubbish" * 9) is None
    assert _parse_with_ssl(b"rubbish" * 9) is None


def test_only_harmless_operations_are_asked_for():
    needed = {"name": "q", "in": "query", "required": True}
    paths = {
        "/items": {"get": {}},
        "/items/{id}": {"get": {}},
        "/search": {"get": {"parameters": [needed]}},
        "/orders": {"post": {}},
        "/private": {"get": {"security": [{"bearer": []}]}},
        "/export": {"get": {}},
        "/page": {"get": {"parameters": [{"name": "n", "required": False}]}},
        "/health": {"get": {}},
        "/shared": {"parameters": [needed], "get": {}},
    } | {f"/more{i}": {"get": {}} for i in range(9)}

    found = harmless_operations(json.dumps({"paths": paths}).encode())

    assert found == ["/items", "/page", "/more0", "/more1", "/more2", "/more3"]


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"not json", b'{"paths": 5}', b'{"paths": {"/x": 5}}', b'{"paths": {"/x": {"get": 5}}}'],
)
def test_a_strange_description_gives_no_operations(body):
    assert harmless_operations(body) == []


def test_all_are_probes_and_show_no_secret():
    probes = [
        ServiceProbe("https://x.example", token="secret-token"),
        EndpointProbe("http://x.example"),
        TelegramBotApi("123:secret-token"),
        GoogleCalendar("secret-token"),
        TokenProbe(
            token_url="https://x.example",
            client_id="i",
            client_secret="secret-token",
            refresh_token="secret-token",
        ),
    ]

    for probe in probes:
        assert isinstance(probe, Probe)
        assert "secret-token" not in repr(probe)
        assert probe.deadline_seconds > 0


def test_a_service_is_named_by_its_host():
    assert ServiceProbe("https://api.example.com/x").name == "service.connect:api.example.com"
    assert ServiceProbe("http://127.0.0.1:8001").name != ServiceProbe("http://127.0.0.1:8002").name


def test_an_address_that_cannot_be_a_name_is_not_found():
    from diagnostics.runtime.clock import SYSTEM_CLOCK

    seen = Observations(ServiceProbe("https://" + "a" * 70 + ".example").observe(SYSTEM_CLOCK))

    ((_, failure),) = seen.failures("service.dns")
    assert failure.kind in {FailureKind.DNS_NOT_FOUND, FailureKind.DNS_UNAVAILABLE}
