"""What a failed connection or statement means (pure).

libpq gives no SQLSTATE for errors before a session exists, so its text is read. Messages of the server may
come in its own language (``lc_messages``); those of Russian servers are known too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from diagnostics.model.observation import FailureKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Class, SQLSTATE and phase of a failure."""

    kind: FailureKind
    sqlstate: str = ""
    phase: str = ""
    hint: str = ""


_K = FailureKind
_RULES: tuple[tuple[str, Cause], ...] = (
    (
        (
            r"too many clients already|remaining connection slots are reserved"
            r"|too many connections for (role|database)|no more connections allowed|query_wait_timeout"
            r"|max_db_connections|уже слишком много клиентов|оставшиеся слоты подключений зарезервированы"
            r"|слишком много подключений"
        ),
        Cause(
            kind=_K.EXHAUSTED,
            sqlstate="53300",
            phase="startup",
            hint="Free a slot (end idle sessions) or run again with a role that may use the reserved ones.",
        ),
    ),
    (
        r"no pg_hba\.conf entry|pg_hba\.conf rejects|в pg_hba\.conf нет записи|pg_hba\.conf отвергает",
        Cause(
            kind=_K.FORBIDDEN,
            sqlstate="28000",
            phase="authentication",
            hint="Allow this host, user and database in pg_hba.conf, or run where the application runs.",
        ),
    ),
    (
        r"role \"[^\"]*\" is not permitted to log in|роли \"[^\"]*\" не разрешён вход",
        Cause(kind=_K.AUTHENTICATION, sqlstate="28000", phase="authentication"),
    ),
    (
        r"role \"[^\"]*\" does not exist|роль \"[^\"]*\" не существует",
        Cause(kind=_K.AUTHENTICATION, sqlstate="28000", phase="authentication"),
    ),
    (
        (
            r"password authentication failed|SASL authentication failed"
            r"|пользователь \"[^\"]*\" не прошёл проверку"
        ),
        Cause(
            kind=_K.AUTHENTICATION,
            sqlstate="28P01",
            phase="authentication",
            hint="Check the password; an expired role (VALID UNTIL) gives the same text.",
        ),
    ),
    (
        (
            r"(peer|ident|certificate|GSSAPI|LDAP|PAM|RADIUS|OAuth\w*)[^\n]* authentication failed"
            r"|authentication failed"
        ),
        Cause(kind=_K.AUTHENTICATION, sqlstate="28000", phase="authentication"),
    ),
    (
        r"no password supplied|password was not provided|не указан пароль",
        Cause(
            kind=_K.AUTHENTICATION,
            sqlstate="28P01",
            phase="authentication",
            hint="The URL has no password; the server asks for one.",
        ),
    ),
    (
        r"database \"[^\"]*\" does not exist|no such database|база данных \"[^\"]*\" не существует",
        Cause(kind=_K.NOT_FOUND, sqlstate="3D000", phase="startup"),
    ),
    (
        r"permission denied for database|нет доступа к базе данных|доступ к базе \"[^\"]*\" запрещён",
        Cause(kind=_K.FORBIDDEN, sqlstate="42501", phase="startup", hint="GRANT CONNECT ON DATABASE … TO …"),
    ),
    (
        (
            r"database system is (starting up|shutting down|in recovery mode|not yet accepting)"
            r"|not accepting connections"
            r"|система баз данных (запускается|останавливается|находится в режиме восстановления)"
        ),
        Cause(kind=_K.REFUSED, sqlstate="57P03", phase="startup"),
    ),
    (
        r"is not currently accepting connections|не принимает подключения в данный момент",
        Cause(kind=_K.REFUSED, sqlstate="55000", phase="startup"),
    ),
    (
        (
            r"could not translate host name|failed to resolve host|Name or service not known"
            r"|nodename nor servname"
        ),
        Cause(kind=_K.DNS_NOT_FOUND, phase="dns"),
    ),
    (r"Temporary failure in name resolution", Cause(kind=_K.DNS_UNAVAILABLE, phase="dns")),
    (
        (
            r"SSL error|certificate verify failed|server does not support SSL|root certificate"
            r"|sslmode value|server certificate for|SSL SYSCALL error: Success"
            r"|could not load .*certificate|tlsv1|no SSL"
        ),
        Cause(kind=_K.TLS, phase="startup"),
    ),
    (
        (
            r"received invalid response to (SSL|GSSAPI) negotiation|expected authentication request"
            r"|unsupported (frontend )?protocol|invalid response|unsupported startup parameter"
            r"|lost synchronization"
        ),
        Cause(kind=_K.PROTOCOL, phase="startup", hint="Something else than PostgreSQL seems to listen there."),
    ),
    (
        r"cannot connect to server|server_login_retry|server login has been failing",
        Cause(kind=_K.UNREACHABLE, phase="startup"),
    ),
    (r"timeout expired|connection timeout|timed out", Cause(kind=_K.TIMEOUT, phase="startup")),
    (r"Connection refused|No such file or directory", Cause(kind=_K.REFUSED, phase="tcp")),
    (
        r"No route to host|Network is unreachable|Host is (down|unreachable)",
        Cause(kind=_K.UNREACHABLE, phase="tcp"),
    ),
    (r"Permission denied|Operation not permitted", Cause(kind=_K.FORBIDDEN, phase="tcp")),
    (
        (
            r"closed the connection unexpectedly|Connection reset|Broken pipe|connection is lost"
            r"|EOF detected|terminating connection"
        ),
        Cause(kind=_K.RESET, phase="startup"),
    ),
)
_COMPILED = tuple((re.compile(pattern, re.IGNORECASE), cause) for pattern, cause in _RULES)
_BY_STATE = {
    "53300": _K.EXHAUSTED,
    "28P01": _K.AUTHENTICATION,
    "28000": _K.AUTHENTICATION,
    "3D000": _K.NOT_FOUND,
    "42501": _K.FORBIDDEN,
    "57014": _K.TIMEOUT,
    "55P03": _K.TIMEOUT,
    "57P03": _K.REFUSED,
    "57P01": _K.RESET,
    "57P02": _K.RESET,
    "42P01": _K.NOT_FOUND,
    "42703": _K.UNSUPPORTED,
    "42883": _K.UNSUPPORTED,
    "55000": _K.UNSUPPORTED,
    "0A000": _K.UNSUPPORTED,
}


def classify_connect_error(text: str) -> Cause:
    """Return what libpq's text means; kind ``error`` when it is not known."""
    for pattern, cause in _COMPILED:
        if pattern.search(text):
            return cause
    return Cause(kind=FailureKind.ERROR, phase="startup")


def classify_statement_error(sqlstate: str, text: str) -> FailureKind:
    """Return the kind of a failed statement."""
    kind = _BY_STATE.get(sqlstate)
    if kind is not None:
        return kind
    if sqlstate.startswith("08"):
        return FailureKind.RESET
    return classify_connect_error(text).kind if not sqlstate else FailureKind.ERROR
