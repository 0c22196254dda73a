"""Personal data: e-mail addresses, telephone numbers, payment cards, accounts and identity papers."""

from __future__ import annotations

import re

from diagnostics.runtime.lazy_pattern import LazyPattern
from diagnostics.runtime.secret_shapes import holds

_EMAIL = LazyPattern(
    r"(?<![\w.+%-])(?<!//)(?!git@|celery@)[\w.+%-]{1,64}?(?:@|%40)(?!\d+\.\d)(?:[^\W_](?:[\w-]{0,62}))(?:\.[\w-]{1,63}){0,4}"
    r"\.(?!(?:png|jpe?g|gif|svg|webp|ico|css|js|mjs|ts|py|html?|json|service|socket|timer|mount|slice|target|scope|path|internal|local"
    r"|localdomain|lan|svc|cluster)(?![\w-]))[^\W\d_]{2,24}(?![\w-])"
)
_PHONE = LazyPattern(
    r"(?<![\w+.])\+[1-9]\d{0,2}[ .-]?\(?\d{1,5}\)?(?:[ .-]?\d{1,5}){1,5}(?!\d)"
    r"|(?<![\w.+-])[78][ -]?\(\d{3,5}\)[ -]?\d{1,3}[ -]?\d{2}[ -]?\d{2}(?![\w-])"
    r"|(?<![\w.+-])[78]([ -])\d{3}\1\d{3}[ -]?\d{2}[ -]?\d{2}(?![\w-])"
    r"|(?<![\w.+-])[78]9\d{9}(?![\w.-]\w|\w)"
    r"|(?<![\w.+-])\([2-9]\d{2}\) ?\d{3}-\d{4}(?![\w-])"
    r"|(?<![\w.+-])[2-9]\d{2}-[2-9]\d{2}-\d{4}(?![\w-])"
)
_PHONE_HINT = LazyPattern(r"\d{3}[ )-]{1,2}\d{3}[ -]?\d|[78]9\d{9}")
#: Eleven digits that are something else, as their neighbours say.
_COUNTED_BEFORE = LazyPattern(
    r"(?:\bid|_id|\bids?|size|bytes|offset|lsn|xid|count|seq|time|timestamp|rows|pid|total|length|ns|number|#|№|order|заказ\w*|номер)"
    r"[\"']?\s*[=:#(]?\s*$",
    re.IGNORECASE,
)
_COUNTED_AFTER = LazyPattern(r"\s?(?:bytes|[kmgt]?i?b|[nuµm]?s|rows|items|seconds|строк\w*|байт\w*)\b", re.IGNORECASE)
_CARD = LazyPattern(
    r"(?<![0-9A-Fa-f]-)(?<![\w.])(?:"
    r"(?:4\d{3}|5[0-8]\d\d|2[2-7]\d\d|6\d{3}|35\d\d)([ -]?)\d{4}\1\d{4}\1\d{4}(?:\1\d{3})?"
    r"|4\d{12}|3[47]\d\d([ -]?)\d{6}\2\d{5}|3(?:0[0-5]|[689]\d)\d([ -]?)\d{6}\3\d{4})(?!\w|[.-]\w)"
)
_NUMBER_BEFORE = LazyPattern(
    r"(?:\b|_)(?:ids?|seq|lsn|xid|offset|ns|us|timestamp|snowflake|rows?|total|size|bytes|txid|trace|span|count|nonce)[\"']?\s*[=:#]?\s*$",
    re.IGNORECASE,
)
_CARD_BEFORE = LazyPattern(r"card|карт|\bpan\b|visa", re.IGNORECASE)
_CARD_HINT = LazyPattern(r"\d{4}[ -]?\d{4}")
_IBAN = LazyPattern(
    r"(?<![\w-])[A-Z]{2}\d{2}(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,3})?(?![\w-])|(?<![\w-])[A-Z]{2}\d{2}[A-Z0-9]{11,30}(?![\w-])"
)
_IBAN_HINT = LazyPattern(r"[A-Z]{2}\d{2}[ A-Z0-9]")
_CLOCK_BEFORE = LazyPattern(r"\d:\d\d(?::\d\d)?(?:[.,]\d+)? ?$")
_PAPERS = LazyPattern(
    r"((?:\bSSN\b|social security(?: number)?|паспорт\w*|\bСНИЛС|\bИНН\b|\bОМС\b|водительск\w+ удостоверени\w+)[^\d\n]{0,24})"
    r"(\d{3}-\d\d-\d{4}|\d{3}-\d{3}-\d{3}[ -]\d\d|\d\d ?\d\d[ №]{0,3}\d{6}|\d{9,16})(?!\d)",
    re.IGNORECASE,
)
_PAPERS_HINTS = ("ssn", "social security", "паспорт", "снилс", "инн", "омс", "удостоверени")
_SNILS = LazyPattern(r"(?<![\w-])\d{3}-\d{3}-\d{3}[ -]\d\d(?![\w-])")


def _phone(match: re.Match[str]) -> str:
    found = match[0]
    digits = sum(map(str.isdigit, found))
    if not 10 <= digits <= 15 or re.search(r"\d{4}-\d\d-\d\d", found):
        return found
    before = match.string[max(0, match.start() - 24) : match.start()]
    if found[0] == "+" and _CLOCK_BEFORE.search(before):
        return found
    if found.isdigit() and (_COUNTED_BEFORE.search(before) or _COUNTED_AFTER.match(match.string, match.end())):
        return found
    return "[phone]"


def _card(match: re.Match[str]) -> str:
    """ISO/IEC 7812: the sum by Luhn's rule ends in 0; one number of ten does so by chance, so the neighbours count too."""
    before = match.string[max(0, match.start() - 24) : match.start()]
    if match[0].isdigit() and _NUMBER_BEFORE.search(before) is not None:
        return match[0]
    if len(match[0]) == 13 and _CARD_BEFORE.search(before) is None:
        return match[0]
    digits = [int(char) for char in match[0] if char.isdigit()]
    total = sum(digits[-1::-2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return match[0] if total % 10 else "[card]"


def _iban(match: re.Match[str]) -> str:
    """ISO 13616: letters become numbers, the first four signs go to the end, the rest by 97 is 1."""
    text = match[0].replace(" ", "")
    if not 15 <= len(text) <= 34:
        return match[0]
    number = int("".join(str(int(char, 36)) for char in text[4:] + text[:4]))
    return "[iban]" if number % 97 == 1 else match[0]


def hide_personal_data(text: str) -> str:
    """Return the text with ``[email]``, ``[phone]``, ``[card]``, ``[iban]``, ``[id]`` in place of what it says of people."""
    if "@" in text or "%40" in text:
        text = _EMAIL.sub("[email]", text)
    if _CARD_HINT.search(text) is not None:
        text = _CARD.sub(_card, text)
    if _IBAN_HINT.search(text) is not None:
        text = _IBAN.sub(_iban, text)
    if holds(text.lower(), _PAPERS_HINTS):
        text = _PAPERS.sub(r"\1[id]", text)
    if "+" in text or _PHONE_HINT.search(text) is not None:
        if "-" in text:
            text = _SNILS.sub("[id]", text)
        text = _PHONE.sub(_phone, text)
    return text
