"""A message -> its shape: words and signs, with what is a value by its form replaced (pure)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

Shape = tuple[str, ...]

VARIABLE = "<*>"
"""A value by its form: a number, an identifier, an address. No word of a message is this text."""
OPEN = "<**>"
"""A place where so many words were seen that the next one is expected to be new as well."""

MOST_CHARACTERS = 4_096
MOST_TOKENS = 256

_TOKEN = re.compile(
    r"\"[^\"\n]{1,300}\"|(?<!\w)'[^'\n]{1,300}'(?!\w)"
    r"|[A-Za-z][\w.+-]*://[^\s\"'<>)\]},;]*[\w/]"  # an address with a scheme is one value
    r"|/[^\s\"'?]*\?[^\s\"']*"  # and so is a path with its query
    r"|\.{2,}"
    r"|(?:[\w/@%+~$&*\\-]|\.(?!\.))+"
    r"|[^\s\w]"
)
_REQUEST = re.compile(r"[\"'](?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) ")
_DIGIT = re.compile(r"\d")
_HEX = re.compile(r"[0-9a-fA-F]+$")
_SHORTEST_HEX_WORD = 6
_TRAILING = ".-*"
_JOINTS = frozenset(":,-#=/")
"""Between two values these make one: 10.0.0.1:5432, 7##12, 2026-11-25,07:30."""
_CALENDAR = frozenset((
    "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday",
    "Saturday", "Sunday", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    "January", "February", "March", "April", "June", "July", "August", "September", "October", "November",
    "December", "AM", "PM", "UTC", "GMT", "EST", "EDT", "CST", "CDT", "PST", "PDT", "CET", "CEST", "MSK",
))  # fmt: skip
_UNITS = frozenset((
    "b", "kb", "mb", "gb", "tb", "kib", "mib", "gib", "ms", "us", "µs", "ns", "s", "sec", "secs", "seconds",
))  # fmt: skip


class Token(NamedTuple):
    """One part of a shape and where it stands in the message; ``text`` is empty for a value that does not count."""

    text: str
    start: int
    end: int


def looks_like_value(word: str) -> bool:
    """Return whether a word is a path, an address, or a name with dots in it."""
    return "." in word[1:-1] or "/" in word or "@" in word or "\\" in word


def is_value(token: str) -> bool:
    """Return whether this part of a shape stands for what varies."""
    return token in (VARIABLE, OPEN)


@lru_cache(maxsize=8_192)
def is_word(token: str) -> bool:
    """Return whether this part of a shape says something: neither a value nor a mere sign."""
    return not is_value(token) and any(map(str.isalnum, token))


def shape(message: str) -> Shape:
    """Return the shape of a message; all messages that differ only in values by their form have the same.

    Example:
        >>> " ".join(shape("Took 19.05 seconds to reach 10.0.0.3:5432 (1.2 KB)"))
        'Took <*> to reach <*>'
    """
    return tuple([token.text for token in tokens(message) if token.text])


def tokens(message: str) -> list[Token]:
    """Return the shape of a message part by part, with the values in brackets that its shape leaves out."""
    raw = _raw(message)
    out: list[Token] = []
    count = len(raw)
    for index, token in enumerate(raw):
        after = raw[index + 1].text if index + 1 < count else ""
        text = token.text
        if text != VARIABLE and _is_value_here(text, out, after, raw[index + 2].text if index + 2 < count else ""):
            text = VARIABLE
        if text == VARIABLE:
            _add_value(out, token.start, token.end)
        elif text == ")" and out:
            _close_bracket(out, token)
        else:
            out.append(token)
    return out[:MOST_TOKENS]


def _raw(message: str, first: int = 0, last: int = MOST_CHARACTERS) -> list[Token]:
    found: list[Token] = []
    for match in _TOKEN.finditer(message, first, last):
        text, start, end = match[0], match.start(), match.end()
        if text[0] in "\"'" and len(text) > 1:
            if " " in text and _REQUEST.match(text) is None:
                found.append(Token(VARIABLE, start, end))  # what somebody said
            else:
                inner = _raw(message, start + 1, end - 1)
                found += [Token(text[0], start, start + 1), *inner, Token(text[0], end - 1, end)]
        elif _DIGIT.search(text) or "://" in text or (text[0] == "/" and "?" in text):
            found.append(Token(VARIABLE, start, end))
        elif len(text) > 1 and text[-1] in _TRAILING:
            word = text.rstrip(_TRAILING)
            if word:
                found.append(Token(word, start, start + len(word)))
            found.append(Token(text[len(word)], start + len(word), end))
        else:
            found.append(Token(text, start, end))
    return found


def _is_value_here(text: str, before: list[Token], after: str, second: str) -> bool:
    """Return whether a word is a value because of its neighbours: a month, a unit, a group of an address."""
    last = before[-1].text if before else ""
    if text in _CALENDAR:
        return last == VARIABLE or after == VARIABLE or (after in _CALENDAR and second == VARIABLE)
    if last == VARIABLE and text.lower() in _UNITS:
        return True
    if len(text) < 2 or _HEX.match(text) is None:
        return False
    if len(text) >= _SHORTEST_HEX_WORD:
        return True
    if last == ":" and len(before) >= 2 and before[-2].text == VARIABLE:
        return True
    return len(text) == 2 and after == ":" and second == VARIABLE


def _add_value(out: list[Token], start: int, end: int) -> None:
    """Append a value; with the values before it that only a joint parts from it, it is one."""
    while out:
        if len(out) >= 2 and out[-1].text in _JOINTS and out[-2].text == VARIABLE:
            out.pop()
        elif out[-1].text in ("<", VARIABLE):  # "<1 sec" is a time as well
            start = out.pop().start
        else:
            break
    out.append(Token(VARIABLE, start, end))


def _close_bracket(out: list[Token], closing: Token) -> None:
    """Append a closing bracket; brackets around nothing or one value say nothing about the event."""
    if out[-1].text == "(":
        out[-1] = Token("", out[-1].start, closing.end)
    elif len(out) >= 2 and out[-2].text == "(" and (out[-1].text == VARIABLE or looks_like_value(out[-1].text)):
        out.pop()
        out[-1] = Token("", out[-1].start, closing.end)
    else:
        out.append(closing)


def joined(parts: Shape) -> Shape:
    """Return a shape in which values that only a joint parts are one."""
    out: list[str] = []
    for part in parts:
        value = part
        if is_value(part):
            while out:
                if len(out) >= 2 and out[-1] in _JOINTS and is_value(out[-2]):
                    out.pop()
                elif is_value(out[-1]):
                    value = OPEN if OPEN in (value, out.pop()) else VARIABLE
                else:
                    break
        out.append(value)
    return tuple(out)
