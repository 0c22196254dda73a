"""Keep secrets and personal data out of logs, reports, journals and reprs.

Secrets become ``***``; e-mail addresses ``[email]``, telephone numbers ``[phone]``, payment cards ``[card]``, accounts
``[iban]``, identity papers ``[id]``. What only looks like one stays: SQL placeholders, source lines of tracebacks,
``host:port``, UUIDs, numbers. Three things give a secret away: its looks (`secret_shapes`), its name (here and
`named_secrets`), and being about a person (`personal_data`).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Any

from diagnostics.runtime.lazy_pattern import LazyPattern
from diagnostics.runtime.named_secrets import hide_by_structure
from diagnostics.runtime.personal_data import hide_personal_data
from diagnostics.runtime.secret_shapes import MARK, hide_shapes, holds, looks_random
from diagnostics.runtime.secret_shapes import words as _words

# ---------------------------------------------------------------- names

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

#: A name that contains one of these says "secret" whatever surrounds it.
_ANYWHERE = (
    "password",
    "passwd",
    "passphrase",
    "passwort",
    "parol",
    "secret",
    "credential",
    "apikey",
    "privatekey",
)
#: Last words (or pairs of words) of names of secrets.
_FINAL = frozenset(
    _words(
        "token authorization cookie cookies dsn jwt otp totp cvv cvc pin pwd signature sig "
        "sessionid sessid jsessionid phpsessid passcode passkey bearer accesskey authkey secretkey signingkey "
        "encryptionkey webhook ssn iban salt mnemonic"
    )
)
_PAIRS = frozenset(
    _words(
        "api_key access_key private_key secret_key signing_key encryption_key auth_key account_key "
        "shared_key master_key license_key service_key session_id session_key storage_key "
        "fernet_key hmac_key app_key client_key consumer_key deploy_key crypto_key cipher_key vault_key wallet_key ssh_key "
        "seed_phrase recovery_code backup_code verification_code confirmation_code auth_code authorization_code "
        "connection_string card_number phone_number mobile_phone"
    )
)
_PERSONAL = frozenset({"phone", "msisdn", "pan", "passport", "snils"})
_BEFORE_PASS = frozenset(
    _words("db database user smtp mail admin root pg mysql redis ssh login auth http proxy ftp my")
)
_RUSSIAN = (
    "парол",
    "секрет",
    "токен",
    "api",
    "ключ_дост",
    "ключ дост",
    "телефон",
    "паспорт",
    "снилс",
    "пин-код",
    "пинкод",
)
_RUSSIAN_HARMLESS = ("длина", "колич", "число", "срок", "тип")
#: Words at the end that make it a fact about a secret instead of the secret.
_HARMLESS = frozenset(
    _words(
        "count counts type types expires expiry expiration expired at in id name names length len "
        "url uri file path ttl age valid status limit used usage min max policy field fields error "
        "errors ok required enabled size version endpoint lifetime seconds minutes hours days "
        "rotation provider manager class"
    )
)


@lru_cache(maxsize=2048)
def is_secret_name(name: str) -> bool:
    """Return whether a value of this name (key, header, variable, column) must not be shown.

    Example:
        >>> is_secret_name("refreshToken"), is_secret_name("DB_PASSWORD"), is_secret_name("token_count")
        (True, True, False)
    """
    if not name.isascii():
        lowered = name.lower()
        return holds(lowered, _RUSSIAN) and not holds(lowered, _RUSSIAN_HARMLESS)
    words = [word.lower() for word in _WORD.findall(name[-80:])]
    while words and words[-1].isdigit():
        words.pop()
    if not words:
        return False
    last, pair = words[-1], "_".join(words[-2:])
    if last in _HARMLESS and pair not in _PAIRS and pair != "secret_id":
        return False
    if last in _FINAL or pair in _PAIRS or last in _PERSONAL:
        return name not in {"PWD", "OLDPWD"}
    if last.endswith(("token", "password", "passwd", "secret", "cookie")):
        return True
    joined = "".join(words)
    if any(core in joined for core in _ANYWHERE):
        return True
    if last == "pass":
        return len(words) > 1 and words[-2] in _BEFORE_PASS
    if last == "key" and len(words) > 1:
        return words[-2] in {"api", "access", "private", "secret", "signing", "encryption"}
    return (
        "token" in words and last in {"value", "raw", "header", "string", "hash", "base64", "b64"}
    ) or joined == "pgpass"


# ---------------------------------------------------------------- URLs and schemes

# scheme://user:password@ ; what follows "host:" is a port, so anything but digits is a password.
_USERINFO = LazyPattern(
    r"(?P<scheme>\b[A-Za-z][A-Za-z0-9+.-]{1,30}://)"
    r"(?:(?P<user>[^\s/?#@:\"'<>]*):(?![0-9]{1,5}(?:[/?#\s\"',;)\]}]|$))"
    r"(?:(?:(?!,[A-Za-z][A-Za-z0-9+.-]*://)[^\s\"'<>?])*|[^\s@]*)@"
    r"|(?P<alone>[^\s/?#@:\"'<>]+)@)"
)
_QUERY = LazyPattern(
    r"([?&](?:key|code|sig|signature|auth|hash|ticket|x-amz-(?:signature|credential|security-token))=)([^\s&#\"'<>]{8,})",
    re.IGNORECASE,
)
_SCHEME = LazyPattern(r"\b(Bearer|Basic|Digest|Negotiate)(\s+)([A-Za-z0-9._~+/=-]{6,})", re.IGNORECASE)
_SCHEME_HINTS = ("bearer", "basic", "digest", "negotiate")
_PROSE = frozenset(
    _words(
        "authentication authorization authenticate access token tokens scheme schemes realm "
        "credential credentials error errors format header headers missing required invalid expired "
        "failed version support example"
    )
)

# ---------------------------------------------------------------- named secrets

_CORE = LazyPattern(
    r"(?:passw|passp|passcode|parol|pwd|secret|token|credential|api[_.-]?key|[a-z][_.-]?key\b|authorization|cookie|dsn|jwt|otp|cvv|cvc|salt|snils|mnemonic|passkey"
    r"|\bpin|_pin|signature|sess(?:ion)?_?id|(?:recovery|backup|verification|confirmation|auth|authorization)[_.-]?code|seed[_.-]?phrase|[a-z]_pass\b|pgpass|bearer|connection_?string|webhook|card_?number|phone|msisdn|iban|ssn)",
    re.IGNORECASE,
)
_CORE_HINTS = (
    *_words(
        "passw passp passcode parol pwd secret token credential key authorization cookie dsn jwt otp cvv cvc salt snils mnemonic "
        "signature sess _pass pgpass bearer connection_string connectionstring webhook card_number cardnumber phone "
        "msisdn iban ssn pin= pin: pin\" pin' pin_ pin- seed _code -code authcode"
    ),
    "pin ",
)
_TAIL = LazyPattern(r"[\w.-]{0,40}")
_SEPARATOR = LazyPattern(r"(?P<close>\\{0,3}[\"'`\]]{0,2}|\))\s{0,3}(?P<op>=>|:=|==?|:)\s{0,3}(?:b(?=[\"']))?")
_FLAG = LazyPattern(r"\s+(?=[^\s-])")
_PAIR_COMMA = LazyPattern(r"\\{0,3}[\"']\s*,\s*b?(?=\\{0,3}[\"'])")
_QUOTED = LazyPattern(
    r"(?P<escaped>\\+[\"'])(?P<v1>(?:(?!\\+[\"']).)*)|\"(?P<v2>(?:[^\"\\]|\\.)*)|'(?P<v3>(?:[^'\\]|\\.)*)",
    re.DOTALL,
)
_UNQUOTED = LazyPattern(r"[^\s,;&<>\"']+[^\s,;&<>]*")
_REST_OF_LINE = LazyPattern(r"[^\r\n\"'<>]+")
#: Not values: placeholders of SQL and templates, and words that say that there is none.
_PLACEHOLDER = LazyPattern(
    r"\$\d+|\$\{?\w+\}?|%s|%\(\w+\)s|:\w+|\?|\{[\w.!:\[\]]*\}|<\w+>|\*+|\[\w+\]|null|none|true|false",
    re.IGNORECASE,
)
_QUOTED_PLACEHOLDER = LazyPattern(r"\*+|%s|%\(\w+\)s|\$\d+|\?|\{\w*\}|null|none", re.IGNORECASE)
_SAID_OF = LazyPattern(
    r"(?:is|was|not|must|should|required|incorrect|invalid|wrong|missing|expired|revoked|too|authentication|field|no|the|has|been|"
    r"cannot|can't|could|unexpected|empty|refused|rejected|failed|reset)\b",
    re.IGNORECASE,
)
#: "Invalid JWT: Token must be ...", "InvalidToken: Unauthorized": a plain word after a complaint is its reason.
_COMPLAINT = LazyPattern(r"(?:invalid|unexpected|missing|expired|bad|unknown|wrong|revoked)[ _]?\w+:\s$", re.IGNORECASE)
_SOURCE_LINE = LazyPattern(r'\s*File ".*", line \d+')
_CONSTRAINT = LazyPattern(r"(Key \()([^()]{1,200})(\)=\()(.*?)(\) (?:already|is|conflicts|would))", re.DOTALL)
_LINE_HEADERS = ("authorization", "cookie")


def _userinfo(match: re.Match[str]) -> str:
    scheme = match["scheme"]
    if match["alone"] is not None:
        # A lone name is a user for a database and a token for the web.
        return f"{scheme}{MARK}@" if scheme[:4].lower() == "http" else match[0]
    return f"{scheme}{match['user']}:{MARK}@"


def _scheme(match: re.Match[str]) -> str:
    value = match[3]
    if value.lower() in _PROSE:
        return match[0]
    if match[1].lower() == "basic" and value.isalpha() and value.islower():
        try:
            decoded = binascii.a2b_base64(value + "=" * (-len(value) % 4))
        except ValueError:
            return match[0]
        if b":" not in decoded:
            return match[0]
    return f"{match[1]}{match[2]}{MARK}"


def _urls_and_schemes(text: str) -> str:
    if "://" in text and "@" in text:
        text = _USERINFO.sub(_userinfo, text)
    if "=" in text and ("?" in text or "&" in text):
        text = _QUERY.sub(rf"\1{MARK}", text)
    lowered = text.lower()
    return _SCHEME.sub(_scheme, text) if holds(lowered, _SCHEME_HINTS) else text


def _bracket_end(text: str, start: int) -> int:
    """Return where the bracket at ``start`` closes; the end of the text when it does not close soon."""
    depth = 0
    for index in range(start, min(len(text), start + 4000)):
        char = text[index]
        if char in "[{(":
            depth += 1
        elif char in "]})":
            depth -= 1
            if depth == 0:
                return index + 1
    return len(text)


def _is_code(text: str, position: int) -> bool:
    """Return whether the position is in source code quoted by a traceback, outside of string literals."""
    start = text.rfind("\n", 0, position) + 1
    if start == 0:
        return False
    before = text.rfind("\n", 0, start - 1) + 1
    if _SOURCE_LINE.match(text, before, start) is None:
        return False
    return text.count('"', start, position) % 2 == 0 and text.count("'", start, position) % 2 == 0


def _is_reference(value: str) -> bool:
    """Return whether an unquoted value names a place (a column, an attribute) instead of holding a secret."""
    head, dot, last = value.rpartition(".")
    return bool(dot) and head.replace(".", "").replace("_", "").isalnum() and is_secret_name(last)


def _hide_value(text: str, at: int, *, name: str, quoted_name: bool, colon: bool) -> tuple[int, int, str] | None:
    """Return where the value starts and ends, and what to write instead; None when it is no secret."""
    quoted = _QUOTED.match(text, at)
    if quoted is not None:
        which = "v1" if quoted["escaped"] else ("v2" if quoted["v2"] is not None else "v3")
        start, end = quoted.span(which)
        if not quoted[which] or _QUOTED_PLACEHOLDER.fullmatch(quoted[which]):
            return start, end, quoted[which]
        return start, end, MARK
    if at < len(text) and text[at] in "[{(":
        if text[at] == "{" and (found := _PLACEHOLDER.match(text, at)) is not None:
            return at, found.end(), found[0]
        if text[at] == "(" and name and text[at - 1] == "=":
            return None  # Key (a)=(b): dealt with as a whole
        return at, _bracket_end(text, at), f'"{MARK}"' if quoted_name else MARK
    if colon and not quoted_name and name.lower().endswith(_LINE_HEADERS):
        rest = _REST_OF_LINE.match(text, at)
        return None if rest is None else (at, rest.end(), MARK)
    unquoted = _UNQUOTED.match(text, at)
    if unquoted is None:
        return None
    value = unquoted[0].rstrip(")]}\"'\\")
    end = at + len(value)
    if not value or _PLACEHOLDER.fullmatch(value) or _is_reference(value) or _is_code(text, at):
        return None
    if colon and not quoted_name:
        complaint = value.isalpha() and _COMPLAINT.search(text, max(0, at - 60), at) is not None
        if complaint or _SAID_OF.match(value):
            return None
    if name.lower().endswith("pwd") and (value[0] in "/~" or value[1:3] == ":\\"):
        return None  # the working directory
    return at, end, f'"{MARK}"' if quoted_name else MARK


def _named(text: str) -> str:
    if not holds(text.lower(), _CORE_HINTS) or (found := _CORE.search(text)) is None:
        return text
    parts: list[str] = []
    copied = 0
    while found is not None:
        start = found.start()
        while start > copied and found.start() - start < 40 and (text[start - 1].isalnum() or text[start - 1] in "_.-"):
            start -= 1
        end = _TAIL.match(text, found.end()).end()
        name = text[start:end].strip("-.")
        position = max(end, found.end())
        secret = is_secret_name(name) or name == "PWD"
        if secret or name[-3:].lower() == "key":
            hidden = _after_name(text, start, end, name)
            if hidden is not None and (secret or looks_random(text[hidden[0] : hidden[1]])):
                first, last, instead = hidden
                parts += [text[copied:first], instead]
                copied = position = last
        found = _CORE.search(text, position)
    parts.append(text[copied:])
    return "".join(parts)


def _after_name(text: str, start: int, end: int, name: str) -> tuple[int, int, str] | None:
    separator = _SEPARATOR.match(text, end)
    if separator is not None:
        return _hide_value(
            text,
            separator.end(),
            name=name,
            quoted_name=bool(separator["close"].strip(")]`")),
            colon=separator["op"] == ":",
        )
    if text.startswith("--", start) and (gap := _FLAG.match(text, end)):
        return _hide_value(text, gap.end(), name=name, quoted_name=False, colon=False)
    opened = text[max(0, start - 4) : start].rstrip("\\\"'b")
    if opened.endswith("(") and (comma := _PAIR_COMMA.match(text, end)):
        return _hide_value(text, comma.end(), name=name, quoted_name=False, colon=False)
    return None


def _constraint(match: re.Match[str]) -> str:
    if any(is_secret_name(column.strip(' "')) for column in match[2].split(",")):
        return f"{match[1]}{match[2]}{match[3]}{MARK}{match[5]}"
    return match[0]


_ESCAPED = LazyPattern(r"\\u(04[0-9a-fA-F]{2})")
_CYRILLIC = LazyPattern("[\u0400-\u04ff]")


def redact(text: str) -> str:
    """Return the text without secrets and personal data; whatever is neither stays as it is.

    Example:
        >>> redact("connect to postgresql://app:hunter2@db:5432/app failed, token=abc, mail ann@example.com")
        'connect to postgresql://app:***@db:5432/app failed, token=***, mail [email]'
    """
    if len(text) < 4:
        return text
    if "\\u04" in text:
        # JSON in ASCII: Russian names are read as people would read them.
        plain = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
        hidden = _redact(plain)
        return text if hidden == plain else str(_CYRILLIC.sub(lambda match: f"\\u{ord(match[0]):04x}", hidden))
    return _redact(text)


def _redact(text: str) -> str:
    text = hide_by_structure(_named(_urls_and_schemes(hide_shapes(text))), is_secret_name)
    if "Key (" in text:
        text = _CONSTRAINT.sub(_constraint, text)
    return hide_personal_data(text)


def redact_url(url: str) -> str:
    """Return the URL without password, secret parameters and tokens in its path.

    Example:
        >>> redact_url("https://api.telegram.org/bot123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc/getMe")
        'https://api.telegram.org/bot***/getMe'
    """
    return redact(url)


def redact_mapping(
    mapping: Mapping[Any, Any], *, depth: int = 5, items: int = 100, limit: int = 2000
) -> dict[str, Any]:
    """Return plain values without secrets: ``depth`` levels of ``items`` entries, texts up to ``limit``.

    Values of secret names become ``***``; None, booleans and empty values stay, since that there is none
    is no secret.
    """
    result: dict[str, Any] = {}
    for number, (key, value) in enumerate(mapping.items()):
        if number >= items:
            result["…"] = f"{len(mapping) - items} more"
            break
        name = shorten(key if isinstance(key, str) else str(key), 100)
        if is_secret_name(name) and value is not None and not isinstance(value, bool) and value not in ("", b""):
            result[redact(name)] = MARK
        else:
            result[redact(name)] = _redact_value(value, depth - 1, items, limit)
    return result


def _redact_value(value: Any, depth: int, items: int, limit: int) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return shorten(redact(value[: 4 * limit]), limit)
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{type(value).__name__} of {len(value)} bytes>"
    if isinstance(value, Mapping):
        return redact_mapping(value, depth=depth, items=items, limit=limit) if depth > 0 else f"<{len(value)} entries>"
    if isinstance(value, list | tuple | AbstractSet):
        if depth <= 0:
            return f"<{len(value)} items>"
        kept = [_redact_value(item, depth - 1, items, limit) for item, _ in zip(value, range(items), strict=False)]
        return [*kept, f"… {len(value) - items} more"] if len(value) > items else kept
    try:
        text = str(value)
    except Exception as error:  # noqa: BLE001 - a broken __str__ of a stranger must not break the log
        text = f"<{type(value).__name__} without text: {type(error).__name__}>"
    return shorten(redact(text[: 4 * limit]), limit)


def shorten(text: str, limit: int = 300) -> str:
    """Return at most ``limit`` characters; an ellipsis says that some are missing."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)] + "…"
