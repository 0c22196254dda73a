"""Shapes -> templates (pure): where words vary like values, they are values.

Shapes that are equal but for some places are compared. What decides is how many different words were seen in a place,
and what they look like, never how often: so the result does not depend on the order of the lines. Work is proportional
to the number of shapes, not of lines.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from diagnostics.log_templates.shapes import OPEN, VARIABLE, Shape, is_value, is_word, joined, looks_like_value

MOST_WORDS = 5
"""So many different words in one place are values. Fewer may be different events: Started, Stopped, Paused."""
MOST_FIRST_WORDS = 4 * MOST_WORDS
"""The same for the first word of a message, which mostly names what happens, and for words in capitals: states, codes."""
MOST_LIKELY_VALUES = 3
"""The same for words that look like values: paths, dotted names, quoted words; also for words that vary elsewhere too."""
_SHARED = 0.5
_ROUNDS = 4
_TRUTHS = frozenset({"true", "false", "True", "False"})
_QUOTES = "\"'`"


def refine(shapes: Iterable[Shape]) -> dict[Shape, Shape]:
    """Return the template of each shape; the result is the same whatever the order of the shapes.

    Example:
        >>> names = ("anna", "boris", "clara", "dmitri", "eva")
        >>> found = refine([("user", name, "logged", "in") for name in names])
        >>> set(found.values())
        {('user', '<**>', 'logged', 'in')}
    """
    owner = {one: one for one in shapes}
    for step, rounds in ((_likely_values, 2), (_words, _ROUNDS)):
        for _ in range(rounds):
            now = sorted(set(owner.values()))
            renamed = {old: joined(new) for old, new in step(now).items()}
            if not renamed:
                break
            same = _opened([renamed.get(one, one) for one in now])
            owner = {one: same[renamed.get(at, at)] for one, at in owner.items()}
    return owner


def _opened(shapes: list[Shape]) -> dict[Shape, Shape]:
    """Return for each shape the one that is open wherever one of those is that differ from it in that alone."""
    kin: dict[Shape, set[Shape]] = defaultdict(set)
    for one in shapes:
        kin[_closed(one)].add(one)
    found: dict[Shape, Shape] = {}
    for members in kin.values():
        widest = tuple(OPEN if OPEN in parts else parts[0] for parts in zip(*members, strict=True))
        found.update(dict.fromkeys(members, widest))
    return found


def _closed(one: Shape) -> Shape:
    return tuple(VARIABLE if part == OPEN else part for part in one)


def _likely_values(shapes: list[Shape]) -> dict[Shape, Shape]:
    """Return new forms of shapes that differ only in words that look like values."""
    families: dict[Shape, list[tuple[Shape, list[int]]]] = defaultdict(list)
    for one in shapes:
        places = [place for place in range(len(one)) if _is_likely(one, place)]
        bones = list(one)
        for place in places:
            bones[place] = VARIABLE
        families[_closed(tuple(bones))].append((one, places))
    renamed: dict[Shape, Shape] = {}
    for bones_of, members in families.items():
        if len(members) < 2 or not any(map(is_word, bones_of)):
            continue
        seen = {place: {one[place] for one, _ in members} for place, part in enumerate(bones_of) if part == VARIABLE}
        for one, places in members:
            new = list(one)
            for place in places:
                certain = VARIABLE in seen[place] or OPEN in seen[place] or (place and one[place - 1] == "=")
                if len(seen[place]) >= (2 if certain else MOST_LIKELY_VALUES):
                    new[place] = OPEN
            if tuple(new) != one:
                renamed[one] = tuple(new)
    return renamed


def _is_likely(one: Shape, place: int) -> bool:
    """Return whether a word is a path, a dotted name, what follows ``=``, or alone between quotes."""
    word = one[place]
    if not is_word(word) or word in _TRUTHS:
        return False
    if looks_like_value(word):
        return True
    before = one[place - 1] if place else ""
    if before == "=":
        return True
    if before and before in _QUOTES:
        return (place > 1 and one[place - 2] == "=") or (place + 1 < len(one) and one[place + 1] == before)
    return False


def _words(shapes: list[Shape]) -> dict[Shape, Shape]:
    """Return new forms of shapes that differ in one word only, where many words were seen in its place."""
    contexts = {key: places for key, places in _contexts(shapes).items() if len(places) > 1}
    elsewhere = Counter(
        word for words in contexts.values() if len(words) >= MOST_LIKELY_VALUES for word in words if not is_value(word)
    )
    renamed: dict[Shape, Shape] = {}
    ordered = sorted(contexts.items(), key=lambda item: (-len(item[1]), item[0][0], min(item[1].values())))
    for (place, _), words in ordered:
        example = next(iter(words.values()))
        if len(words) < _needed(example, place, words, elsewhere):
            continue
        for old in words.values():
            renamed.setdefault(old, (*old[:place], OPEN, *old[place + 1 :]))
    return renamed


def _contexts(shapes: list[Shape]) -> dict[tuple[int, int], dict[str, Shape]]:
    """Return place and hash of the rest -> word in that place -> shape."""
    found: dict[tuple[int, int], dict[str, Shape]] = defaultdict(dict)
    for one in shapes:
        hashes = [hash((place, part)) for place, part in enumerate(one)]
        whole = hash(len(one))
        for value in hashes:
            whole ^= value
        for place, part in enumerate(one):
            if is_value(part) or is_word(part):
                found[place, whole ^ hashes[place]][part] = one
    return found


def _needed(example: Shape, place: int, words: Mapping[str, Shape], elsewhere: Mapping[str, int]) -> int:
    """Return how many different words make a place one of values."""
    never = len(words) + 1
    spoken = [word for word in words if not is_value(word)]
    if _TRUTHS.issuperset(spoken) and OPEN not in words:
        return never
    if not any(is_word(part) for at, part in enumerate(example) if at != place):
        return never
    if OPEN in words:
        return 2
    if not any(map(is_word, example[:place])):
        return MOST_FIRST_WORDS
    if VARIABLE in words and sum(is_word(part) for at, part in enumerate(example) if at != place) >= 2:
        return 2  # what can be a number there is a value there
    if all(map(str.isupper, spoken)):
        return MOST_FIRST_WORDS
    shared = sum(elsewhere[word] >= 2 for word in spoken)
    if shared >= 2 and shared >= _SHARED * len(words):
        return MOST_LIKELY_VALUES
    return MOST_WORDS
