"""Secrets that a format or a sentence announces: XML, encoded forms, command lines, SQL, prose in English and Russian."""

from __future__ import annotations

import re
from collections.abc import Callable

from diagnostics.runtime.lazy_pattern import LazyPattern
from diagnostics.runtime.secret_shapes import MARK, holds, looks_random

_ELEMENT = LazyPattern(r"(<(?:[\w.-]{1,30}:)?([\w.-]{2,60})(?:\s[^<>]{0,200})?>)([^<>]{1,4000})(?=</)")
#: name="ApiKey" value="...", {"name": "DB_PASSWORD", "value": "..."}, - name: DB_PASSWORD / value: ...
_ATTRIBUTES = LazyPattern(
    r"(\\?[\"']?\b(?:key|name|id)\\?[\"']?\s{0,3}[=:]\s{0,3}\\?[\"']?([\w.-]{2,60})\\?[\"']?[\s,]{1,20}\\?[\"']?(?:value|content)\\?[\"']?\s{0,3}[=:]\s{0,3}"
    r"\\?[\"']?)([^\s\"'\\<>,}]{1,4000})"
)
_ENCODED = LazyPattern(
    r"((?:%22|%5B|%26|\b)([A-Za-z][\w.-]{2,40}?)(?:%22|%5D)?%3[AD](?:%22|%20|\+)*)((?:[^\s%&\"'<>]|%(?!26|22|2C|7D|0A|3B)[0-9A-F]{2})+)",
    re.IGNORECASE,
)
_COMMAND = LazyPattern(
    r"(\b(?:curl|wget|http|https|ab|wrk)\b[^\n]{0,400}?\s(?:-u|--user)[ =]?[\"']?[^\s:\"']{1,80}:)([^\s\"']{3,})"
    r"|(\b(?:mysql\w*|mariadb\w*|sshpass|ldapsearch|sqlcmd|bcp)\b[^\n]{0,300}?\s-(?:p|w|P)[ ]?)(?!\d{1,5}\b)([^\s-][^\s]{3,})"
    r"|(\b(?:requirepass|masterauth|AUTH(?: [A-Za-z][\w.-]{0,40})?) )((?=[^\s]*\d)(?=[^\s]*[A-Za-z])[^\s\"']{6,})"
    r"|(\blogin\s+\S+\s+password\s+)(\S+)"
)
_COMMANDS = (
    "curl",
    "wget",
    "http -",
    "https -",
    "ab -",
    "wrk",
    "mysql",
    "mariadb",
    "sshpass",
    "ldapsearch",
    "sqlcmd",
    "bcp ",
    "requirepass",
    "masterauth",
    "AUTH ",
    "login ",
)
_PORT = LazyPattern(r":(?:\d{4,5}|\*):")
_AUTH = LazyPattern(r"([\"']auth\\?[\"']\s*:\s*\\?[\"'])([A-Za-z0-9+/_-]{8,}={0,2})(?=\\?[\"'])")
_PGPASS = LazyPattern(
    r"(?m)(^|[\s\"'])((?![\w./-]+\.(?:py|js|ts|go|java|rb|c|cpp|rs|php):)[\w.*-]{1,80}:(?:\d{4,5}|\*):[\w*.-]{1,60}:[\w*.-]{1,60}:)"
    r"((?=[^\s:]*\d)(?=[^\s:]*[A-Za-z])[^\s:\"'\\]{8,})(?=[\s\"'\\]|$)"
)
#: "password 'x'", "IDENTIFIED BY 'x'", "the password was x", "OTP 482913".
_SAID = LazyPattern(
    r"(\b(?:password|passwd|pwd|passphrase|identified\s+by|secret|token|api[ _-]?key|access[ _-]?key|passcode)"
    r"(?:\s+(?:is|was|to|of))?\s+(?:is\s+)?)"
    r"([\"'`]?)([^\s\"'`,;()=<>]{4,})(?=\2)",
    re.IGNORECASE,
)
_CODE = LazyPattern(
    r"(\b(?:otp|pin(?: code)?|passcode|(?:verification|confirmation|one-time|sms|2fa|mfa|login|security|recovery|access)"
    r" (?:pass)?code)"
    r"(?:\s+(?:is|was|for [\w@.+-]{1,60}(?: is)?))?\s*[:=]?\s+)(\d{4,8}|\d{3}[ -]\d{3})(?!\d)",
    re.IGNORECASE,
)
_SAID_HINTS = ("password", "passwd", "pwd", "passphrase", "identified", "secret", "token", "key", "passcode")
_CODE_HINTS = ("otp", "pin", "code")
_PLACEHOLDER = LazyPattern(r"\*+|%s|%\(\w+\)s|\$\d+|\$\{?\w+\}?|\?|:\w+|\{\w*\}|<\w+>|null|none", re.IGNORECASE)

_RUSSIAN = LazyPattern(
    r"((?<!\w)(?P<name>парол\w*|пассворд\w*|секретн\w+ (?:ключ|слов|код)\w*|секрет\w*"
    r"|токен\w*(?: (?:доступа|бота|обновления|авторизации|сессии))?"
    r"|(?:api|апи)[ -]?ключ\w*|ключ\w*(?: (?:api|апи|доступа|шифрования|подписи|авторизации))?|пин-?код\w*|кодов\w+ слов\w+"
    r"|код\w* (?:подтверждения|доступа|из смс|безопасности|авторизации|входа|восстановления)|cvv-?код\w*|телефон\w*)"
    r"[\"'`»]?(?P<whose>(?: (?:для|от|к|пользователя|бота) [\w@.-]{1,40}){0,2})\s*)"
    r"(?P<sign>\\?[\"']?\s*[:=—–]\s*|это\s+|-\s+)?(?P<quote>\\?[\"'`«]?)"
    r"(?P<value>[^\s\"'`«»,;<>\\]{3,})",
    re.IGNORECASE,
)
_RUSSIAN_HINTS = ("парол", "пассворд", "секрет", "токен", "ключ", "пин", "код", "телефон")
_RUSSIAN_PROSE = LazyPattern(
    r"(?:не|неверн|некоррект|невалид|недействит|долж|минимум|максимум|слишком|ист[её]к|истекш|устар|отсутств|обязат|требу|пуст|был|есть|нет|"
    r"сброш|измен|обнов|нов|стар|поле|скрыт|зада|указа|приня|отклон|ошиб|успешн|правильн|введ|для|от|из|по|на|и|в|с|к|о|или|"
    r"пользов|получ|созда|удал|отозв|просроч|валид|действ|хран|шифр|бот|сервис|можно|нужно|нельзя|сме[нщ]|провер|лимит|кол|длин)",
    re.IGNORECASE,
)


def _element(match: re.Match[str], is_secret: Callable[[str], bool]) -> str:
    return f"{match[1]}{MARK}" if is_secret(match[2]) and match[3].strip() else match[0]


def _pair(match: re.Match[str], is_secret: Callable[[str], bool]) -> str:
    if not is_secret(match[2]) or _PLACEHOLDER.fullmatch(match[3]) is not None:
        return match[0]
    return f"{match[1]}{MARK}"


def _command(match: re.Match[str]) -> str:
    return "".join(match[group] + MARK for group in (1, 3, 5, 7) if match[group] is not None)


def _mixed(value: str) -> bool:
    return any(map(str.isdigit, value)) and any(map(str.isalpha, value))


def _said(match: re.Match[str]) -> str:
    before, quote, value = match.groups()
    name = before.split()[0].lower()
    if _PLACEHOLDER.fullmatch(value) is not None:
        return match[0]
    if name in ("password", "passwd", "pwd", "passphrase", "identified"):
        strong = (
            _mixed(value)
            and len(value) >= 8
            and (value != value.lower() or any(sign in value for sign in "!@#$%^&*+?~"))
        )
        if not strong and not quote:
            return match[0]
        if not strong and quote == '"':
            return match[0]  # a name in quotes, as in: column "password" "users"
    elif not looks_random(value, 12) and not (
        _mixed(value) and len(value) >= 20 and "-" not in value and "." not in value and "_" not in value
    ):
        return match[0]
    return f"{before}{quote}{MARK}"


def _russian(match: re.Match[str]) -> str:
    name, sign, quote, value = match["name"].lower(), match["sign"], match["quote"], match["value"]
    bare_key = name.startswith("ключ") and " " not in name
    if name.startswith(("код", "пин", "cvv")):
        secret = sum(map(str.isdigit, value)) >= 3
    elif name.startswith("телефон"):
        secret = sum(map(str.isdigit, value)) >= 7
    elif bare_key:
        secret = looks_random(value, 12)
    elif sign is not None or quote:
        secret = _RUSSIAN_PROSE.match(value) is None and _PLACEHOLDER.fullmatch(value) is None
    else:
        secret = len(value) >= 6 and _mixed(value) and (not match["whose"] or looks_random(value, 10))
    if not secret:
        return match[0]
    return f"{match[0][: match.start('value') - match.start()]}{MARK}"


def hide_by_structure(text: str, is_secret: Callable[[str], bool]) -> str:
    """Return the text without values that a format or a sentence calls secret; ``is_secret`` judges names."""
    lowered = text.lower()
    if "</" in text:
        text = _ELEMENT.sub(lambda match: _element(match, is_secret), text)
    if ("value" in lowered or "content" in lowered) and ("key" in lowered or "name" in lowered or "id" in lowered):
        text = _ATTRIBUTES.sub(lambda match: _pair(match, is_secret), text)
    if "%3" in text:
        text = _ENCODED.sub(lambda match: _pair(match, is_secret), text)
    if holds(text, _COMMANDS):
        text = _COMMAND.sub(_command, text)
    if "auth" in text and holds(text, ('"auth', "'auth")):
        text = _AUTH.sub(rf"\1{MARK}", text)
    if text.count(":") >= 4 and _PORT.search(text) is not None:
        text = _PGPASS.sub(rf"\1\2{MARK}", text)
    if holds(lowered, _SAID_HINTS):
        text = _SAID.sub(_said, text)
    if holds(lowered, _CODE_HINTS):
        text = _CODE.sub(rf"\1{MARK}", text)
    if not text.isascii() and holds(lowered, _RUSSIAN_HINTS):
        text = _RUSSIAN.sub(_russian, text)
    return text
