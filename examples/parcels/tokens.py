"""Logins: a password for a token, a token for what only its customer may see."""

from __future__ import annotations

import hashlib
import hmac
import time

import jwt

from .db import Database
from .errors import Unauthorized
from .settings import Settings

_ROUNDS = 1000  # the pepper's service does the rest


class Tokens:
    """JSON web tokens, signed with one secret."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._secret = settings.jwt_secret
        self._lifetime = settings.jwt_lifetime

    def login(self, email: str, password: str) -> str:
        """Return a new token.

        Raises:
            Unauthorized: No such customer, or another password.
        """
        customer = self._database.row("SELECT id, password_hash FROM customers WHERE email = %s", (email,))
        if customer is None or not hmac.compare_digest(hashed(password, email), customer["password_hash"]):
            raise Unauthorized("wrong e-mail or password")
        now = int(time.time())
        claims = {"sub": str(customer["id"]), "iat": now, "exp": now + int(self._lifetime)}
        return jwt.encode(claims, self._secret, algorithm="HS256")

    def customer_of(self, header: str) -> int:
        """Return whose token it is.

        Raises:
            Unauthorized: There is none, it has expired, or we did not sign it.
        """
        try:
            claims = jwt.decode(header.removeprefix("Bearer "), self._secret, algorithms=["HS256"])
        except jwt.InvalidTokenError as error:
            raise Unauthorized("the token is not valid") from error
        return int(claims["sub"])


def hashed(password: str, email: str) -> str:
    """Return what is stored of a password."""
    return hashlib.pbkdf2_hmac("sha256", password.encode(), email.encode(), _ROUNDS).hex()
