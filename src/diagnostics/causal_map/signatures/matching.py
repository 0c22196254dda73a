"""Finds which of many weighted patterns are in a text, without trying them all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from diagnostics.model.mechanism import Signature

#: Longest text that is looked at: a longer one is cut in the middle, since causes stand at the ends of tracebacks.
MAX_TEXT = 40_000
#: Nobody tells a longer story; what is longer is a pasted log.
MAX_STORY = 8_000
_WORDS = re.compile(r"([^\W_]{3,8})[^\W_]*")
_WORD = re.compile(r"[^\W_]+")
_COMMON = frozenset(
    [
        "error",
        "failed",
        "connect",
        "connecti",
        "could",
        "cannot",
        "timeout",
        "exceptio",
        "not",
        "the",
        "for",
        "with",
        "has",
        "request",
        "requests",
        "user",
        "order",
        "orders",
        "trace",
        "done",
        "create",
        "created",
        "api",
        "http",
        "https",
        "get",
        "post",
        "info",
        "debug",
        "customer",
        "response",
        "job",
        "task",
        "tasks",
        "start",
        "started",
        "stopped",
        "app",
        "url",
        "host",
        "port",
        "code",
        "path",
        "query",
        "select",
        "update",
        "insert",
        "worker",
        "server",
        "client",
        "database",
        "from",
        "was",
        "session",
        "message",
        "token",
        "time",
        "name",
        "mode",
        "table",
        "column",
        "file",
        "item",
        "value",
        "type",
        "object",
        "called",
        "key",
        "faile",
        "conne",
        "reque",
        "respo",
        "creat",
        "sessi",
        "messa",
        "start",
    ]
)
_UNKNOWN = "\0"

Table = Mapping[str, tuple[Signature, ...]]


def table(rows: Mapping[str, Iterable[tuple[str, float]]]) -> dict[str, tuple[Signature, ...]]:
    """Return signatures written as pairs of pattern and weight."""
    return {
        mechanism: tuple(Signature(pattern=pattern, weight=weight) for pattern, weight in pairs)
        for mechanism, pairs in rows.items()
    }


def shorten(text: str, limit: int = MAX_TEXT) -> str:
    """Return ``text``, with its middle cut out when it is longer than anybody should search."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n{text[-half:]}"


@dataclass(frozen=True, slots=True)
class Hit:
    """A pattern that was found, with what it says and the words that said it."""

    pattern: str
    says: tuple[tuple[str, float], ...]
    words: str


class Matcher:
    """Many patterns behind one cheap look at the words of a text.

    Each pattern is filed under words that any text with a match must contain (the first letters of them), so an
    ordinary line costs one scan for words and one set operation. Patterns begin at the beginning of a word.
    """

    def __init__(self, tables: Iterable[Table]) -> None:
        says: dict[str, dict[str, float]] = {}
        for rows in tables:
            for mechanism, signatures in rows.items():
                for signature in signatures:
                    weights = says.setdefault(signature.pattern, {})
                    weights[mechanism] = max(signature.weight, weights.get(mechanism, 0.0))
        self._entries = [
            (pattern, tuple(weights.items()), required_words(pattern)) for pattern, weights in says.items()
        ]
        self._by_key: dict[str, list[int]] = {}
        self._always: list[int] = []
        for index, (_, _, required) in enumerate(self._entries):
            if not required:
                self._always.append(index)
                continue
            for key in max(required, key=_rarity):
                self._by_key.setdefault(key, []).append(index)
        self._keys = frozenset(self._by_key)

    @property
    def unfiled(self) -> tuple[str, ...]:
        """Return the patterns that have to be tried on every text."""
        return tuple(self._entries[index][0] for index in self._always)

    def hits(self, text: str) -> list[Hit]:
        """Return every pattern found in ``text``."""
        text = shorten(text)
        words = set(_WORDS.findall(text.lower()))
        words |= {word[:5] for word in words}
        found = self._keys & words
        if not found and not self._always:
            return []
        wanted = set(self._always)
        for key in found:
            wanted.update(self._by_key[key])
        result = []
        for index in sorted(wanted):
            pattern, says, required = self._entries[index]
            if any(words.isdisjoint(choice) for choice in required):
                continue
            match = _compile(pattern).search(text)
            if match is not None:
                result.append(Hit(pattern, says, match.group(0)[:120]))
        return result

    def hits_by_trying_all(self, text: str) -> list[Hit]:
        """Return what ``hits`` returns, the slow way: the yardstick of its tests."""
        text = shorten(text)
        result = []
        for pattern, says, _ in self._entries:
            match = _compile(pattern).search(text)
            if match is not None:
                result.append(Hit(pattern, says, match.group(0)[:120]))
        return result


@cache
def _compile(pattern: str) -> re.Pattern[str]:
    # When it is first needed: a text meets some dozens of the patterns, and a sick machine has no second to compile all of them.
    at_word = r"(?<![^\W_])" if pattern[0].isalnum() or pattern.startswith(("(?:", r"\d", r"\w")) else ""
    return re.compile(f"{at_word}(?:{pattern})", re.IGNORECASE)


def required_words(pattern: str) -> tuple[frozenset[str], ...]:
    """Return sets of words, shortened as by ``_shortened``: any text that matches has a word of each set."""
    return _required(pattern, starts_word=True, ends_word=False)


def _required(pattern: str, *, starts_word: bool, ends_word: bool) -> tuple[frozenset[str], ...]:
    branches = [_branch(branch, starts_word=starts_word, ends_word=ends_word) for branch in _split(pattern)]
    if len(branches) == 1:
        return branches[0]
    if not all(branches):
        return ()
    return (frozenset().union(*(max(branch, key=_rarity) for branch in branches)),)


def _split(pattern: str) -> list[str]:
    """Split at the bars that are outside brackets."""
    parts, depth, start, index, in_class = [], 0, 0, 0, False
    while index < len(pattern):
        char = pattern[index]
        if char == "\\":
            index += 1
        elif in_class:
            in_class = char != "]"
        elif char == "[":
            in_class = True
        elif char in "()":
            depth += 1 if char == "(" else -1
        elif char == "|" and depth == 0:
            parts.append(pattern[start:index])
            start = index + 1
        index += 1
    return [*parts, pattern[start:]]


def _branch(branch: str, *, starts_word: bool, ends_word: bool) -> tuple[frozenset[str], ...]:
    run: list[str] = [" " if starts_word else _UNKNOWN]
    choices: list[frozenset[str]] = []
    index = 0
    while index < len(branch):
        char = branch[index]
        if char == "\\":
            index += 1
            run.append(_escaped(branch[index]))
        elif char == "[":
            index = _class_end(branch, index)
            run.append(_UNKNOWN)
        elif char == "(":
            end = _group_end(branch, index)
            after = branch[end + 1 :]
            inside = branch[index + 1 : end].removeprefix("?:")
            if not after.startswith(("?", "*", "{")) and not inside.startswith("?"):
                bounded = after.startswith(("\\b", "\\s", " ", ":", ",", "'", '"')) or (not after and ends_word)
                choices.extend(_required(inside, starts_word=run[-1] == " ", ends_word=bounded))
            run.append(_UNKNOWN)
            index = end
        elif char in "?*{":
            run[-1] = _UNKNOWN
            if char == "{":
                index = branch.index("}", index)
        elif char == "+":
            run.append(_UNKNOWN)
        elif char in "^$":
            run.append(" ")
        else:
            run.append(_UNKNOWN if char == "." else char.lower())
        index += 1
    run.append(" " if ends_word else _UNKNOWN)
    choices.extend(frozenset({word}) for word in _safe_words("".join(run)))
    return tuple(choices)


def _escaped(char: str) -> str:
    if char in "bsWAZ":
        return " "
    return _UNKNOWN if char in "wdDSBnt" else char.lower()


def _class_end(branch: str, index: int) -> int:
    index += 1
    while branch[index] != "]":
        index += 2 if branch[index] == "\\" else 1
    return index


def _group_end(branch: str, index: int) -> int:
    depth = 0
    while True:
        char = branch[index]
        if char == "\\":
            index += 1
        elif char == "[":
            index = _class_end(branch, index)
        elif char in "()":
            depth += 1 if char == "(" else -1
            if depth == 0:
                return index
        index += 1


def _safe_words(run: str) -> list[str]:
    words = []
    for match in _WORD.finditer(run):
        word, before, after = match.group(), run[match.start() - 1], run[match.end() : match.end() + 1]
        if before == _UNKNOWN:
            continue
        if len(word) >= 8 or (len(word) >= 3 and after != _UNKNOWN):
            words.append(word[:8])
        elif len(word) >= 5:
            words.append(word[:5])
    return words


def _rarity(keys: frozenset[str]) -> tuple[bool, int, int, tuple[str, ...]]:
    return (not keys & _COMMON, -len(keys), min(len(key) for key in keys), tuple(sorted(keys)))
