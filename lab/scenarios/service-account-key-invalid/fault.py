"""The service account's key is another than the provider knows, or mangled by its variable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from lab.harness import Lab
from lab.means import Answer, Front


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _pem(key: rsa.RSAPrivateKey) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


class _Tokens:
    """Google's token endpoint for service accounts: it verifies the assertion."""

    def __init__(self, known: rsa.RSAPrivateKey) -> None:
        self._known = known.public_key()

    def __call__(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer | None:
        assertion = parse_qs(body.decode()).get("assertion", [""])[0]
        try:
            jwt.decode(assertion, self._known, algorithms=["RS256"], options={"verify_aud": False})
        except jwt.InvalidTokenError:
            return 400, b'{"error": "invalid_grant", "error_description": "Invalid JWT Signature."}'
        return None


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    account = "scheduler@prod.iam.gserviceaccount.example"
    known, other = _key(), _key()
    with Front(lab.stack.environment["CALENDAR_TOKEN_URL"], _Tokens(known)) as front:
        # One in two: a key that was deleted at the provider; a variable in which the line ends became text.
        value = _pem(other) if lab.random.random() < 0.5 else _pem(known).replace("\n", "\\n")
        variables = {"CALENDAR_SERVICE_ACCOUNT": account, "CALENDAR_PRIVATE_KEY": value}
        lab.stack.restart_app(env={**variables, "CALENDAR_TOKEN_URL": front.url})
        yield
