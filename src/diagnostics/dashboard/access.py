"""Who may see and who may act: tokens, signed cookies, and proof that a form was ours."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from diagnostics.errors import ConfigurationError, MissingExtraError
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock

COOKIE = "diagnose_session"
SESSION_SECONDS = 12 * 3600
"""A working day: whoever comes back tomorrow signs in again."""
LEAST_TOKEN = 16
"""Characters of a token that a person chooses; guessing is limited too, see ``FAILURES``."""
FAILURES, FAILURE_SECONDS = 10, 60.0
"""So many wrong tokens within this time close the door for everybody until they are that old."""


class Role(StrEnum):
    """What a visitor may do."""

    VIEWER = "viewer"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who asks.

    Attributes:
        name: For the audit.
        role: What he may do.
        id: Of this sign-in; forms are bound to it.
    """

    name: str
    role: Role
    id: str

    @property
    def may_act(self) -> bool:
        return self.role is Role.OPERATOR


class TooManyAttemptsError(Exception):
    """Somebody tries tokens; nobody is let in for a while."""


@dataclass(frozen=True, slots=True)
class _Grant:
    digest: bytes
    name: str
    role: Role


class Access:
    """Knows the tokens (by their digests only) and signs the cookies; many threads may use it."""

    def __init__(self, *, secret: bytes | None = None, clock: Clock = SYSTEM_CLOCK) -> None:
        """Begin without tokens: nobody gets in until one is given.

        Args:
            secret: Signs the cookies; a new one for each process when not given, so that a restart signs everybody out.
            clock: Source of time.

        Raises:
            MissingExtraError: The extra ``web`` is not installed.
        """
        try:
            from itsdangerous import URLSafeTimedSerializer
        except ImportError as error:
            raise MissingExtraError("web", needed_for="the dashboard") from error
        self._secret = secret or secrets.token_bytes(32)
        self._signer = URLSafeTimedSerializer(self._secret, salt="diagnose-dashboard")
        self._clock = clock
        self._lock = threading.Lock()
        self._grants: list[_Grant] = []
        self._once: list[_Grant] = []
        self._failures: deque[float] = deque(maxlen=FAILURES)

    def allow(self, token: str, role: Role, name: str = "") -> None:
        """Let whoever knows this token in, again and again.

        Raises:
            ConfigurationError: The token is too short to be one.
        """
        if len(token) < LEAST_TOKEN:
            raise ConfigurationError(f"A token of the dashboard has at least {LEAST_TOKEN} characters.")
        self._grants.append(_Grant(_digest(token), name or role.value, role))

    def allow_once(self, role: Role = Role.OPERATOR, name: str = "") -> str:
        """Return a new token that lets in one visitor, once."""
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._once.append(_Grant(_digest(token), name or role.value, role))
        return token

    def sign_in(self, token: str) -> str | None:
        """Return the cookie for whoever knows a token; None when it is no token.

        Raises:
            TooManyAttemptsError: Too many were wrong lately.
        """
        now = self._clock.monotonic()
        digest = _digest(token)
        with self._lock:
            if len(self._failures) == FAILURES and now - self._failures[0] < FAILURE_SECONDS:
                raise TooManyAttemptsError
            grant = _found(self._once, digest)
            if grant is not None:
                self._once.remove(grant)
            else:
                grant = _found(self._grants, digest)
            if grant is None:
                self._failures.append(now)
                return None
        return self._signer.dumps({"n": grant.name, "r": grant.role.value, "i": secrets.token_hex(8)})

    def visitor(self, cookie: str | None) -> Visitor | None:
        """Return who bears this cookie; None when it is not ours or too old."""
        from itsdangerous import BadData

        if not cookie:
            return None
        try:
            said = self._signer.loads(cookie, max_age=SESSION_SECONDS)
            return Visitor(name=str(said["n"]), role=Role(said["r"]), id=str(said["i"]))
        except (BadData, KeyError, TypeError, ValueError):
            return None

    def form_token(self, visitor: Visitor) -> str:
        """Return what a form of ours carries, so that another site cannot send one."""
        return hmac.new(self._secret, b"form:" + visitor.id.encode(), hashlib.sha256).hexdigest()

    def is_our_form(self, visitor: Visitor, token: str) -> bool:
        """Return whether the form came from a page that this visitor was given."""
        return hmac.compare_digest(self.form_token(visitor).encode(), token.encode())


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _found(grants: Iterable[_Grant], digest: bytes) -> _Grant | None:
    found = None
    for grant in grants:  # all are compared, so that the time tells nothing
        if hmac.compare_digest(grant.digest, digest):
            found = grant
    return found
