"""Read a database URL as SQLAlchemy, libpq or people write it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from diagnostics.errors import ConfigurationError

_SCHEME = re.compile(r"^(postgres(?:ql)?)(\+[a-z0-9_]+)?://", re.IGNORECASE)
_AUTHORITY_END = re.compile(r"[/?#]")
_OPTION = re.compile(r"(?:-c\s*|--)([A-Za-z_.][\w.]*)=((?:\\.|[^\s\\])*)")
_LIBPQ = frozenset(
    [
        "sslmode",
        "sslrootcert",
        "sslcert",
        "sslkey",
        "sslpassword",
        "sslcrl",
        "sslnegotiation",
        "options",
        "gssencmode",
        "krbsrvname",
        "channel_binding",
        "require_auth",
        "target_session_attrs",
        "service",
        "passfile",
        "client_encoding",
        "hostaddr",
        "ssl_min_protocol_version",
        "ssl_max_protocol_version",
        "sslcertmode",
        "sslcompression",
        "sslsni",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseAddress:
    """Where a database is and who we are there.

    Attributes:
        hosts: Pairs of host (or folder of a Unix socket) and port, in the order in which they are tried.
        parameters: Further libpq parameters (``sslmode``, ``options``, ...).
    """

    hosts: tuple[tuple[str, int], ...]
    user: str = ""
    password: str | None = field(default=None, repr=False)
    database: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def settings(self) -> dict[str, str]:
        """Return what the URL itself sets on each session (``options=-c statement_timeout=500``)."""
        return {name: value.replace("\\ ", " ") for name, value in _OPTION.findall(self.parameters.get("options", ""))}


def parse_database_url(text: str) -> DatabaseAddress:
    """Return the address in ``postgresql+asyncpg://…``, ``postgres://…`` or ``host=… dbname=…``.

    Raises:
        ConfigurationError: It is no PostgreSQL address; the password is not in the message.
    """
    text = text.strip()
    match = _SCHEME.match(text)
    if match:
        return _from_url(text[match.end() :])
    if "=" in text and "://" not in text:
        return _from_conninfo(text)
    scheme = text.split(":", 1)[0] if "://" in text else "(none)"
    raise ConfigurationError(
        f"Not a PostgreSQL address (its scheme is {scheme[:20]!r}).",
        hint="Use postgresql://USER:PASSWORD@HOST:PORT/DATABASE, as SQLAlchemy or libpq write it.",
    )


def _from_url(rest: str) -> DatabaseAddress:
    # A password may hold an unescaped "@" or "/", so the last "@" before the query ends the credentials.
    head, _, query_text = rest.partition("?")
    credentials, at, place = head.rpartition("@")
    if not at:
        place = head
    user, colon, password = credentials.partition(":")
    end = _AUTHORITY_END.search(place)
    authority, database = (place[: end.start()], place[end.end() :]) if end else (place, "")
    query = dict(parse_qsl(query_text, keep_blank_values=True))
    hosts = _hosts(authority) or []
    if "host" in query:
        hosts = _zip_hosts(query["host"], query.get("port", ""))
    elif "port" in query and hosts:
        hosts = [(host, _port(query["port"])) for host, _ in hosts]
    return _address(
        hosts,
        unquote(user) or query.get("user", ""),
        unquote(password) if colon else query.get("password"),
        unquote(database) or query.get("dbname", "") or query.get("database", ""),
        query,
    )


def _hosts(authority: str) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    for part in filter(None, authority.split(",")):
        if part.startswith("["):
            host, _, port = part[1:].partition("]")
            found.append((host, _port(port.lstrip(":"))))
        else:
            host, _, port = part.partition(":")
            found.append((unquote(host), _port(port)))
    return found


def _zip_hosts(hosts: str, ports: str) -> list[tuple[str, int]]:
    names = [name.strip() for name in hosts.split(",")]
    if len(names) > 1 or not ports:
        pairs: list[tuple[str, int]] = []
        numbers = ports.split(",") if ports else []
        for index, name in enumerate(names):
            host, _, own = (name, "", "") if name.startswith("/") else name.partition(":")
            port = own or (numbers[index] if index < len(numbers) else numbers[0] if len(numbers) == 1 else "")
            pairs.append((host, _port(port)))
        return pairs
    return [(names[0], _port(ports))]


def _port(text: str) -> int:
    if not text:
        return 5432
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise ConfigurationError("The port in the database URL is not a number from 1 to 65535.")
    return int(text)


def _address(
    hosts: list[tuple[str, int]], user: str, password: str | None, database: str, query: Mapping[str, str]
) -> DatabaseAddress:
    parameters = {key: value for key, value in query.items() if key in _LIBPQ}
    # asyncpg says ssl=…, libpq sslmode=…
    mode = query.get("ssl", "").lower()
    if mode and "sslmode" not in parameters:
        parameters["sslmode"] = {"true": "require", "1": "require", "false": "disable", "0": "disable"}.get(mode, mode)
    return DatabaseAddress(
        hosts=tuple(hosts) or (("localhost", 5432),),
        user=user,
        password=password,
        database=database or user,
        parameters=parameters,
    )


def _from_conninfo(text: str) -> DatabaseAddress:
    pairs = dict(re.findall(r"(\w+)\s*=\s*('(?:\\.|[^'\\])*'|(?:\\.|[^\s\\])*)", text))
    values = {key: re.sub(r"\\(.)", r"\1", value[1:-1] if value[:1] == "'" else value) for key, value in pairs.items()}
    hosts = _zip_hosts(values.get("host") or values.get("hostaddr") or "localhost", values.get("port", ""))
    return _address(hosts, values.get("user", ""), values.get("password"), values.get("dbname", ""), values)


def host_of(url: str) -> str:
    """Return the host of any URL, for messages."""
    return urlsplit(url).hostname or ""
