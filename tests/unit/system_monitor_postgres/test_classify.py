import pytest

from diagnostics.model.observation import FailureKind
from diagnostics.system_monitor.postgres.classify import classify_connect_error, classify_statement_error

PREFIX = 'connection failed: connection to server at "10.0.0.5", port 5432 failed: '


@pytest.mark.parametrize(
    ("text", "kind", "sqlstate", "phase"),
    [
        ("FATAL:  sorry, too many clients already", "exhausted", "53300", "startup"),
        (
            "FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute",
            "exhausted",
            "53300",
            "startup",
        ),
        ('FATAL:  too many connections for role "app"', "exhausted", "53300", "startup"),
        ('FATAL:  too many connections for database "shop"', "exhausted", "53300", "startup"),
        ("FATAL:  no more connections allowed (max_client_conn)", "exhausted", "53300", "startup"),
        (
            'FATAL:  password authentication failed for user "app"',
            "authentication",
            "28P01",
            "authentication",
        ),
        ("fe_sendauth: no password supplied", "authentication", "28P01", "authentication"),
        ('FATAL:  role "app" does not exist', "authentication", "28000", "authentication"),
        ('FATAL:  Peer authentication failed for user "app"', "authentication", "28000", "authentication"),
        (
            'FATAL:  no pg_hba.conf entry for host "10.0.0.9", user "app", database "shop", SSL off',
            "forbidden",
            "28000",
            "authentication",
        ),
        ('FATAL:  database "shop" does not exist', "not_found", "3D000", "startup"),
        ('FATAL:  permission denied for database "shop"', "forbidden", "42501", "startup"),
        ("FATAL:  the database system is starting up", "refused", "57P03", "startup"),
        ("FATAL:  the database system is in recovery mode", "refused", "57P03", "startup"),
        (
            "Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?",
            "refused",
            "",
            "tcp",
        ),
        ("server does not support SSL, but SSL was required", "tls", "", "startup"),
        ("SSL error: certificate verify failed", "tls", "", "startup"),
        ("received invalid response to SSL negotiation: H", "protocol", "", "startup"),
        ("server closed the connection unexpectedly", "reset", "", "startup"),
        ("timeout expired", "timeout", "", "startup"),
        ("No route to host", "unreachable", "", "tcp"),
        (
            'ВАЖНО:  пользователь "app" не прошёл проверку подлинности (по паролю)',
            "authentication",
            "28P01",
            "authentication",
        ),
        ("ВАЖНО:  извините, уже слишком много клиентов", "exhausted", "53300", "startup"),
        ('ВАЖНО:  база данных "shop" не существует', "not_found", "3D000", "startup"),
        ("something that nobody has seen", "error", "", "startup"),
    ],
)
def test_libpq_text_gives_kind_state_and_phase(text, kind, sqlstate, phase):
    cause = classify_connect_error(PREFIX + text)

    assert (cause.kind.value, cause.sqlstate, cause.phase) == (kind, sqlstate, phase)


def test_a_name_in_quotes_does_not_change_the_class():
    text = PREFIX + 'FATAL:  database "timeout expired" does not exist'

    assert classify_connect_error(text).kind is FailureKind.NOT_FOUND


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("55P03", "timeout"),
        ("57014", "timeout"),
        ("42501", "forbidden"),
        ("08006", "reset"),
        ("57P01", "reset"),
        ("22012", "error"),
    ],
)
def test_a_statement_is_classed_by_its_state(state, kind):
    assert classify_statement_error(state, "whatever").value == kind
