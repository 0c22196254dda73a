"""Messages -> templates, streaming and in bounded memory (pure).

Three dictionaries, each a little slower than the one before it: the message with its digits folded, the message with its
hexadecimal words folded, and the shape of that. What varies in words is found later, among the shapes (`refine`), when
templates are asked for.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from sys import intern

from diagnostics.log_templates.refine import refine
from diagnostics.log_templates.shapes import MOST_CHARACTERS, Shape, shape
from diagnostics.log_templates.text import render

MOST_SHAPES = 20_000
MOST_KEYS = 50_000
MOST_IDS = 1 << 20
OTHER = 0
"""The id of messages that found no place."""
OTHER_TEXT = "(other messages)"
_EXAMPLE_CHARACTERS = 1_000
_BATCH = 4_096
_ZEROS = bytes.maketrans(b"123456789", b"0" * 9)
_RUNS = (b"0" * 8, b"0000", b"00", b"00")
_HEX_WORDS = re.compile(r"[0-9A-Fa-f-]*[0-9][0-9A-Fa-f-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """Messages that say the same about different things.

    Attributes:
        text: The message with ``<number>``, ``<ip>``, … or ``<*>`` where it varies.
        example: The first message of it, shortened.
        count: How many there were.
        ids: What `Miner.add` returned for them.
    """

    text: str
    example: str
    count: int
    ids: tuple[int, ...]
    shape: Shape

    def __str__(self) -> str:
        return self.text


class Miner:
    """Learns templates from messages; the time for a known kind of message does not grow with what was learnt.

    Memory is bounded by what is kept of ``most_shapes`` shapes and of as many keys again as ``most_keys``: about 40 MB
    where messages are very diverse. When the table is full, what `refine` merges is merged for good, and if that is not
    enough the rarest shapes are counted as `OTHER`.

    Example:
        >>> miner = Miner()
        >>> ids = miner.add_many(["user 7 came", "user 8 came", "user 8 went"])
        >>> [(t.text, t.count) for t in miner.templates()]
        [('user <number> came', 2), ('user <number> went', 1)]
    """

    def __init__(self, *, most_shapes: int = MOST_SHAPES, most_keys: int = MOST_KEYS) -> None:
        if most_shapes < 16 or most_keys < 16:
            raise ValueError(f"a table of {most_shapes} shapes and {most_keys} keys is too small; give at least 16")
        self._most_shapes, self._most_keys = most_shapes, most_keys
        self._by_folded: dict[bytes, int] = {}
        self._by_hex: dict[str, int] = {}
        self._by_shape: dict[Shape, int] = {}
        self._shapes: dict[int, Shape] = {}
        self._examples: dict[int, str] = {}
        self._counts: Counter[int] = Counter()
        self._heir = array("I", [OTHER])  # id -> the id that it was merged into
        self.merged_for_good = 0

    def __len__(self) -> int:
        """Return the number of messages that were added."""
        return self._counts.total()

    def add(self, message: str) -> int:
        """Take one message and return the id of its shape; `owners` says which template an id belongs to."""
        found = self._by_folded.get(folded(message))
        if found is None:
            found = self._learn(message, folded(message))
        self._counts[found] += 1
        return found

    def add_many(self, messages: Sequence[str]) -> list[int]:
        """Take many messages, faster than one by one, and return the id of each."""
        ids: list[int] = []
        for start in range(0, len(messages), _BATCH):
            ids += self._add_batch(messages[start : start + _BATCH])
        return ids

    def _add_batch(self, messages: Sequence[str]) -> list[int]:
        keys = _fold("\n".join(messages).encode("utf-8", "surrogatepass")).split(b"\n")
        if len(keys) != len(messages):  # a message of several lines
            return [self.add(message) for message in messages]
        ids: list[int | None] = list(map(self._by_folded.get, keys))
        known: Counter[int | None] = Counter(ids)
        known.pop(None, None)
        self._counts.update(known)  # type: ignore[arg-type]
        place = -1
        try:
            while True:
                place = ids.index(None, place + 1)
                number = self._by_folded.get(keys[place])
                if number is None:
                    number = self._learn(messages[place], keys[place])
                self._counts[number] += 1
                ids[place] = number
        except ValueError:
            pass  # no unknown message is left
        return ids  # type: ignore[return-value]

    def _learn(self, message: str, key: bytes) -> int:
        message = message[:MOST_CHARACTERS]
        by_hex = _HEX_WORDS.sub("0", message)
        found = self._by_hex.get(by_hex)
        if found is None:
            # The shape of the key: so it does not depend on which of its messages came first.
            found = self._id_of(tuple(map(intern, shape(by_hex))), message)
            if len(self._by_hex) >= self._most_keys:
                self._by_hex.clear()
            self._by_hex[by_hex[:MOST_CHARACTERS]] = found
        if len(self._by_folded) >= self._most_keys:
            self._by_folded.clear()
        if len(key) <= MOST_CHARACTERS:
            self._by_folded[key] = found
        return found

    def _id_of(self, one: Shape, message: str) -> int:
        found = self._by_shape.get(one)
        if found is None:
            if len(self._heir) >= MOST_IDS:
                return OTHER
            if len(self._by_shape) >= self._most_shapes:
                self._make_room()
            found = len(self._heir)
            self._heir.append(found)
            self._by_shape[one] = found
            self._shapes[found] = one
            self._examples[found] = message[:_EXAMPLE_CHARACTERS]
        return found

    def _make_room(self) -> None:
        """Merge for good what `refine` merges, then let go of the rarest until a quarter of the table is free, or half."""
        owner = refine(self._by_shape)
        kept: dict[Shape, int] = {}
        for one, number in self._by_shape.items():
            heir = kept.setdefault(owner[one], number)
            self._hand_over(number, heir)
        ranked = sorted(kept.items(), key=lambda item: -self._counts[item[1]])
        repeated = sum(1 for _, number in ranked if self._counts[number] > 1)
        most = max(self._most_shapes // 2, min(self._most_shapes * 3 // 4, repeated))
        for _, number in ranked[most:]:
            self._hand_over(number, OTHER)
        self._by_shape = dict(ranked[:most])
        self._shapes = {number: one for one, number in self._by_shape.items()}
        self._by_folded.clear()
        self._by_hex.clear()
        self.merged_for_good += 1

    def _hand_over(self, number: int, heir: int) -> None:
        if number == heir:
            return
        self._heir[number] = heir
        self._counts[heir] += self._counts.pop(number, 0)
        self._examples.pop(number, None)

    def kept(self, number: int) -> int:
        """Return the id under which the messages of an id are counted now."""
        while self._heir[number] != number:
            number = self._heir[number]
        return number

    def owners(self) -> dict[int, Shape]:
        """Return the template's shape of each id that is counted; `OTHER` has the empty one."""
        owner = refine(self._by_shape)
        found = {number: owner[one] for number, one in self._shapes.items()}
        found[OTHER] = ()
        return found

    def templates(self) -> list[Template]:
        """Return the templates, most frequent first; asking changes nothing."""
        groups: dict[Shape, list[int]] = {}
        for number, one in self.owners().items():
            groups.setdefault(one, []).append(number)
        found = [self._template(one, sorted(numbers)) for one, numbers in groups.items()]
        found = [template for template in found if template.count]
        return sorted(found, key=lambda template: (-template.count, template.text))

    def _template(self, one: Shape, numbers: Sequence[int]) -> Template:
        count = sum(self._counts[number] for number in numbers)
        example = next((self._examples[n] for n in numbers if n in self._examples), "")
        text = render(one, example) if one else OTHER_TEXT
        return Template(text=text, example=example, count=count, ids=tuple(numbers), shape=one)

    def grouped(self, ids: Iterable[int]) -> Iterator[Shape]:
        """Yield the template's shape for each id that `add` returned, in order."""
        owners = self.owners()
        for number in ids:
            yield owners[self.kept(number)]


def folded(message: str) -> bytes:
    """Return a key that messages share which differ in digits only: each run of digits is one zero."""
    return _fold(message.encode("utf-8", "surrogatepass"))


def _fold(data: bytes) -> bytes:
    data = data.translate(_ZEROS)
    for run in _RUNS:
        data = data.replace(run, b"0")
    return data
