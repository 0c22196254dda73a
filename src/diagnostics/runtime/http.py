"""Reach a host step by step: name, TCP, TLS, HTTP; every step has a deadline and says how it failed.

Plain sockets, so that each step can be timed on its own; no redirects, no proxies, bounded bodies. Nothing is
ever retried here.
"""

from __future__ import annotations

import contextlib
import errno as errno_names
import http.client
import re
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from diagnostics.errors import ConfigurationError
from diagnostics.model.observation import FailureKind
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock

_OLD_PROTOCOL = re.compile(
    "UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|NO_PROTOCOLS|HANDSHAKE_FAILURE|NO_SHARED_CIPHER|DH_KEY_TOO_SMALL"
    "|INAPPROPRIATE"
)
USER_AGENT = "ultimate-diagnostics"
BODY_LIMIT = 65536
_EAI_AGAIN = {getattr(socket, name) for name in ("EAI_AGAIN", "EAI_FAIL", "EAI_SYSTEM") if hasattr(socket, name)}


class ConnectError(Exception):
    """A step failed.

    Attributes:
        kind: Class of the failure.
        phase: ``dns``, ``tcp``, ``tls``, ``http``.
        reason: For ``tls``: ``expired``, ``not_yet_valid``, ``unknown_ca``, ``self_signed``, ``hostname``,
            ``protocol``, ``plain_http``, ``other``; for ``http``: ``truncated`` when the answer ended early.
        errno: The system's number, where there is one.
        elapsed: Seconds until it failed.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: FailureKind,
        phase: str,
        reason: str = "",
        errno: int | None = None,
        elapsed: float = 0.0,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.phase = phase
        self.reason = reason
        self.errno = errno
        self.elapsed = elapsed


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """One address of a host."""

    family: int
    address: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """The parts of a URL that a connection needs; ``target`` is path and query."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """Return the host, and the port when it is not the scheme's own, as a Host header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.scheme == "https" else 80) else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    first_byte_seconds: float
    total_seconds: float


def locate(url: str) -> Location:
    """Return the parts of an http or https URL.

    Raises:
        ConfigurationError: It is no such URL.
    """
    text = url if "://" in url else f"https://{url}"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ConfigurationError("Not a URL: its host or port cannot be read.") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigurationError(
            f"Not an http or https URL (scheme {parts.scheme[:20]!r}).",
            hint="Write https://HOST[:PORT]/PATH.",
        )
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Location(
        scheme=parts.scheme,
        host=parts.hostname,
        port=port or (443 if parts.scheme == "https" else 80),
        target=target,
    )


def resolve(host: str, port: int, clock: Clock = SYSTEM_CLOCK, *, timeout: float = 3.0) -> list[Resolved]:
    """Return the host's addresses in the system's order, as its applications see them.

    Raises:
        ConnectError: ``dns_not_found`` (no such name) or ``dns_unavailable`` (nobody answered).
    """
    started = clock.monotonic()
    box: list[list[Resolved] | OSError | UnicodeError] = []

    def ask() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            box.append(list(dict.fromkeys(Resolved(family=int(r[0]), address=str(r[4][0]), port=port) for r in rows)))
        except (OSError, UnicodeError) as error:
            box.append(error)

    # getaddrinfo cannot be interrupted: the thread is left behind when the resolver is deaf.
    thread = threading.Thread(target=ask, name="diagnostics-dns", daemon=True)
    thread.start()
    thread.join(timeout)
    elapsed = clock.monotonic() - started
    if not box:
        raise ConnectError(
            f"{host}: the name server did not answer within {timeout:g} s",
            kind=FailureKind.DNS_UNAVAILABLE,
            phase="dns",
            elapsed=elapsed,
        )
    answer = box[0]
    if isinstance(answer, list):
        return answer
    number = answer.errno if isinstance(answer, OSError) else None
    kind = FailureKind.DNS_UNAVAILABLE if number in _EAI_AGAIN else FailureKind.DNS_NOT_FOUND
    text = (answer.strerror if isinstance(answer, OSError) else "") or str(answer)
    raise ConnectError(f"{host}: {text}", kind=kind, phase="dns", errno=number, elapsed=elapsed) from answer


def kind_of_os_error(error: OSError) -> FailureKind:
    """Return the class of a socket's error."""
    if isinstance(error, TimeoutError):
        return FailureKind.TIMEOUT
    if isinstance(error, ConnectionRefusedError):
        return FailureKind.REFUSED
    if isinstance(error, ConnectionResetError | BrokenPipeError | ConnectionAbortedError):
        return FailureKind.RESET
    if error.errno in {
        errno_names.ENETUNREACH,
        errno_names.EHOSTUNREACH,
        errno_names.EHOSTDOWN,
        errno_names.EADDRNOTAVAIL,
    }:
        return FailureKind.UNREACHABLE
    if error.errno in {errno_names.EACCES, errno_names.EPERM}:
        return FailureKind.FORBIDDEN
    if error.errno in {errno_names.EMFILE, errno_names.ENFILE, errno_names.ENOBUFS}:
        return FailureKind.EXHAUSTED
    return FailureKind.ERROR


def connect_tcp(place: Resolved, clock: Clock = SYSTEM_CLOCK, *, timeout: float = 3.0) -> socket.socket:
    """Return a connected socket.

    Raises:
        ConnectError: ``refused``, ``timeout``, ``unreachable``, ``reset``, ...
    """
    started = clock.monotonic()
    line: socket.socket | None = None
    try:
        line = socket.socket(place.family, socket.SOCK_STREAM)
        line.settimeout(timeout)
        line.connect((place.address, place.port))
    except OSError as error:
        if line is not None:
            line.close()
        kind = kind_of_os_error(error)
        text = error.strerror or (f"no answer within {timeout:g} s" if kind is FailureKind.TIMEOUT else str(error))
        raise ConnectError(
            text, kind=kind, phase="tcp", errno=error.errno, elapsed=clock.monotonic() - started
        ) from error
    return line


def tls_reason(error: ssl.SSLError | OSError) -> str:
    """Return why a handshake failed, in one word (pure)."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _VERIFY.get(error.verify_code, "hostname" if "match" in str(error.verify_message) else "other")
    text = str(error).upper().replace(" ", "_")
    if (
        "WRONG_VERSION_NUMBER" in text
        or "HTTP_REQUEST" in text
        or "PACKET_LENGTH_TOO_LONG" in text
        or "RECORD_LAYER" in text
    ):
        return "plain_http"
    if _OLD_PROTOCOL.search(text):
        return "protocol"
    return "other"


# X509_V_ERR_* of OpenSSL's x509_vfy.h
_VERIFY = {
    2: "unknown_ca",
    9: "not_yet_valid",
    10: "expired",
    18: "self_signed",
    19: "unknown_ca",
    20: "unknown_ca",
    21: "unknown_ca",
    24: "unknown_ca",
    62: "hostname",
    64: "hostname",
    66: "other",
}


def start_tls(
    line: socket.socket,
    host: str,
    clock: Clock = SYSTEM_CLOCK,
    *,
    timeout: float = 5.0,
    verify: bool = True,
    ca_file: str | Sequence[str] | None = None,
) -> ssl.SSLSocket:
    """Return the socket inside TLS, verified by the system's trust and ``ca_file`` (one or several); ``SSL_CERT_FILE`` counts.

    Raises:
        ConnectError: ``tls`` with a reason, ``timeout`` or ``reset``; ``line`` is closed then.
    """
    started = clock.monotonic()
    context = ssl.create_default_context()
    for file in [ca_file] if isinstance(ca_file, str) else ca_file or ():
        with contextlib.suppress(OSError, ssl.SSLError):
            context.load_verify_locations(file)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    line.settimeout(timeout)
    try:
        return context.wrap_socket(line, server_hostname=host)
    except OSError as error:  # ssl.SSLError among them
        line.close()
        elapsed = clock.monotonic() - started
        number = error.errno
        if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
            reason = tls_reason(error)
            text = getattr(error, "verify_message", "") or error.reason or str(error)
            raise ConnectError(text, kind=FailureKind.TLS, phase="tls", reason=reason, elapsed=elapsed) from error
        kind = FailureKind.RESET if isinstance(error, ssl.SSLEOFError) else kind_of_os_error(error)
        text = f"no TLS answer within {timeout:g} s" if kind is FailureKind.TIMEOUT else (error.strerror or str(error))
        raise ConnectError(text, kind=kind, phase="tls", errno=number, elapsed=elapsed) from error
    except ValueError as error:
        line.close()
        raise ConnectError(str(error), kind=FailureKind.TLS, phase="tls", reason="other") from error


class _Deadline:
    """Ends a socket's stream after a time: a server that drips bytes would outlive every socket timeout."""

    def __init__(self, line: socket.socket, seconds: float) -> None:
        self._line = line
        self.passed = False
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def _end(self) -> None:
        self.passed = True
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


def exchange(
    line: socket.socket,
    location: Location,
    clock: Clock = SYSTEM_CLOCK,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout: float = 5.0,
    limit: int = BODY_LIMIT,
) -> Answer:
    """Ask once over a connected socket and read at most ``limit`` bytes of the body.

    Raises:
        ConnectError: ``timeout``, ``reset`` or ``protocol``, phase ``http``.
    """
    started = clock.monotonic()
    connection = http.client.HTTPConnection(location.host, location.port, timeout=timeout)
    connection.sock = line
    line.settimeout(timeout)
    sent = {
        "Host": location.authority,
        "User-Agent": USER_AGENT,
        "Accept": "*/*",
        "Connection": "close",
        **(headers or {}),
    }
    with _Deadline(line, timeout) as deadline:
        try:
            connection.request(method, location.target, body=body, headers=sent)
            response = connection.getresponse()
            first = clock.monotonic() - started
            content = response.read(limit)
            if len(content) < limit and response.length:
                raise http.client.IncompleteRead(content, response.length)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _http_error(error, deadline.passed, clock.monotonic() - started, timeout) from error
        if deadline.passed:
            raise _http_error(TimeoutError(), True, clock.monotonic() - started, timeout)
    return Answer(
        status=response.status,
        headers={key.lower(): value for key, value in response.getheaders()},
        body=content,
        first_byte_seconds=first,
        total_seconds=clock.monotonic() - started,
    )


def _http_error(error: Exception, late: bool, elapsed: float, timeout: float) -> ConnectError:
    number = error.errno if isinstance(error, OSError) else None
    if late or isinstance(error, TimeoutError):
        return ConnectError(
            f"no complete answer within {timeout:g} s",
            kind=FailureKind.TIMEOUT,
            phase="http",
            elapsed=elapsed,
        )
    if isinstance(error, http.client.RemoteDisconnected | http.client.IncompleteRead | ssl.SSLEOFError):
        text = "the server closed the connection without a complete answer"
        # Half an answer is no refusal: something on the way, or the server's own limit, ended it.
        reason = "truncated" if isinstance(error, http.client.IncompleteRead) else ""
        return ConnectError(text, kind=FailureKind.RESET, phase="http", reason=reason, errno=number, elapsed=elapsed)
    if isinstance(error, ssl.SSLError):
        return ConnectError(str(error), kind=FailureKind.TLS, phase="http", reason="other", elapsed=elapsed)
    if isinstance(error, OSError):
        text = error.strerror or str(error) or type(error).__name__
        return ConnectError(text, kind=kind_of_os_error(error), phase="http", errno=number, elapsed=elapsed)
    return ConnectError(
        f"not HTTP: {type(error).__name__}",
        kind=FailureKind.PROTOCOL,
        phase="http",
        errno=number,
        elapsed=elapsed,
    )


def open_connection(
    location: Location, clock: Clock = SYSTEM_CLOCK, *, timeout: float = 5.0, verify: bool = True
) -> socket.socket:
    """Return a socket to the first address that answers, inside TLS for https.

    Raises:
        ConnectError: The last address's failure.
    """
    last: ConnectError | None = None
    for place in resolve(location.host, location.port, clock, timeout=min(3.0, timeout)):
        try:
            line = connect_tcp(place, clock, timeout=min(3.0, timeout))
        except ConnectError as error:
            last = error
            continue
        if location.scheme == "https":
            return start_tls(line, location.host, clock, timeout=timeout, verify=verify)
        return line
    raise last or ConnectError(f"{location.host}: no address", kind=FailureKind.DNS_NOT_FOUND, phase="dns")


def request(
    url: str,
    clock: Clock = SYSTEM_CLOCK,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout: float = 5.0,
) -> Answer:
    """Connect, ask once, close.

    Raises:
        ConnectError: Any step failed.
        ConfigurationError: Not an http or https URL.
    """
    location = locate(url)
    line = open_connection(location, clock, timeout=timeout)
    try:
        return exchange(line, location, clock, method=method, headers=headers, body=body, timeout=timeout)
    finally:
        line.close()
