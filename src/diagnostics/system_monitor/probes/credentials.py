"""Since when certificates and tokens are what they are: files that variables name, and tokens with a moment inside."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from diagnostics.system_monitor.probes.tls import Certificate, parse_certificate

MOST_FILES = 20
_MOST_BYTES = 1 << 20
_JWT = re.compile(r"^(?:Bearer )?[\w-]{4,}\.([\w-]{4,})\.[\w-]*$")
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)
_CERTIFICATE_FILE = re.compile(r"\.(?:pem|crt|cer|cert)$", re.IGNORECASE)
_SECRET_FILE = re.compile(r"\.(?:pem|crt|cer|cert|key|p12|pfx|jks|json|token)$|/secrets?/|credential", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenTimes:
    """What a token says of its own time, unix seconds; the token itself is not kept."""

    variable: str
    issued: float | None
    expires: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretFile:
    """A file of certificates or credentials that a variable names.

    Attributes:
        modified: Unix seconds at which it was written.
        certificate: The first certificate in it.
    """

    variable: str
    path: str
    modified: float
    certificate: Certificate | None


def tokens(variables: Mapping[str, str]) -> Iterator[TokenTimes]:
    """Yield the times of the JSON web tokens among the variables; nothing is verified (pure)."""
    for name, value in variables.items():
        found = _JWT.match(value.strip())
        claims = _claims(found[1]) if found else None
        if claims:
            yield TokenTimes(variable=name, issued=_moment(claims.get("iat")), expires=_moment(claims.get("exp")))


def _claims(part: str) -> dict[str, object]:
    try:
        value = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) and ("exp" in value or "iat" in value) else {}


def _moment(value: object) -> float | None:
    # Beyond the year 3000 it is no time in seconds.
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 3.3e10
    return float(value) if good else None  # type: ignore[arg-type]


def secret_files(variables: Mapping[str, str]) -> Iterator[SecretFile]:
    """Yield the files of certificates and credentials that the variables name; what cannot be read is left out."""
    seen = 0
    for name, value in variables.items():
        if seen >= MOST_FILES or not value.startswith("/") or ":" in value or not _SECRET_FILE.search(value):
            continue
        path = Path(value)
        try:
            if not path.is_file():
                continue
            seen += 1
            modified = path.stat().st_mtime
            certificate = _first_certificate(path) if _CERTIFICATE_FILE.search(value) else None
        except OSError:
            continue
        yield SecretFile(variable=name, path=value, modified=modified, certificate=certificate)


def _first_certificate(path: Path) -> Certificate | None:
    if path.stat().st_size > _MOST_BYTES:
        return None
    found = _PEM.search(path.read_bytes())
    if found is None:
        return None
    try:
        return parse_certificate(base64.b64decode(found[1]))
    except ValueError:
        return None


def age(moment: float | datetime | None, now: float) -> float | None:
    """Return the seconds since a moment; negative when it lies ahead."""
    if moment is None:
        return None
    return now - (moment.timestamp() if isinstance(moment, datetime) else moment)
