"""What a report says: evidence for each mechanism and for each concept, added up with the words that said it."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from dataclasses import dataclass, field

from diagnostics.causal_map.signatures import CATEGORY, said_by_machines, said_by_people
from diagnostics.causal_map.signatures.manner import CONTRAST, NO_HARM, how_people_say_it, loud_but_meaningless
from diagnostics.causal_map.signatures.matching import MAX_STORY, shorten
from diagnostics.causal_map.signatures.tone import tones
from diagnostics.model.problem import Category, Problem

_NO_HARM = re.compile(NO_HARM, re.IGNORECASE)
_CONTRAST = re.compile(CONTRAST, re.IGNORECASE)
#: Mechanisms that only say when it began: whatever says what happened explains it better.
_ONLY_TIMING = ("bad-deploy-code-regression", "config-change-bad-value", "package-upgrade-regression")


@dataclass(slots=True)
class Reading:
    """What the text says, added up."""

    error: str
    story: str
    machine: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    people: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    words: dict[str, list[tuple[float, str]]] = field(default_factory=lambda: defaultdict(list))
    concepts: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    said: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    tones: dict[str, int] = field(default_factory=dict)
    ranked: list[tuple[float, str]] = field(default_factory=list)

    @property
    def told(self) -> str:
        """Return the words of the reporter, nothing when there is only an error text."""
        return self.story if self.story != self.error else ""

    def by_category(self) -> dict[Category, float]:
        """Add mechanisms up: likelihoods add, so that ten weak ones do not beat a strong one."""
        sums: dict[Category, float] = defaultdict(float)
        for score, mechanism in self.ranked:
            sums[CATEGORY[mechanism]] += math.exp(min(score, 30.0)) - 1.0
        return {category: math.log1p(total) for category, total in sums.items()}


def read(problem: Problem) -> Reading:
    """Return what a report says, with its mechanisms ranked."""
    error = problem.error_message.strip()
    # A report that has only an error text may be a story as well.
    reading = Reading(error=error, story=_story(problem) or error)
    for text, share in ((error, 1.0), (reading.told, 0.9)):
        for hit in said_by_machines(text):
            for mechanism, weight in hit.says:
                _add(reading, reading.machine, mechanism, weight * share, hit.words)
    for hit in said_by_people(reading.story):
        for mechanism, weight in hit.says:
            _add(reading, reading.people, mechanism, weight, hit.words)
    _concepts(reading)
    told = reading.told
    reading.tones = tones(told, without_denials=_NO_HARM.sub(" ", told), without_neighbours=_CONTRAST.sub(" ", told))
    reading.ranked = _ranked(reading)
    return reading


def _story(problem: Problem) -> str:
    said = [
        problem.description,
        *(f"{key}: {value}" for key, value in problem.context.items() if str(value).strip()),
    ]
    return shorten("\n".join(str(part).strip() for part in said if str(part).strip()), MAX_STORY)


def _add(reading: Reading, where: dict[str, float], mechanism: str, weight: float, words: str) -> None:
    """Count the strongest sign in full and each further one less."""
    strongest = where[mechanism]
    where[mechanism] = max(strongest, weight) + 0.4 * min(strongest, weight)
    reading.words[mechanism].append((weight, words))


def _concepts(reading: Reading) -> None:
    # Denied harm is no harm, and the health of a neighbour is no health.
    for concept_read, text in (
        ("harm", _NO_HARM.sub(" ", reading.story)),
        ("healthy", _CONTRAST.sub(" ", reading.story)),
        ("", reading.story),
    ):
        for hit in how_people_say_it(text):
            for concept, weight in hit.says:
                if concept == concept_read or (not concept_read and concept not in ("harm", "healthy")):
                    _count(reading, concept, weight, hit.words)
    for hit in loud_but_meaningless(f"{reading.error}\n{reading.story}"):
        for concept, weight in hit.says:
            _count(reading, concept, weight, hit.words)


def _count(reading: Reading, concept: str, weight: float, words: str) -> None:
    reading.concepts[concept] += weight
    reading.said[concept].append(words)


def _ranked(reading: Reading) -> list[tuple[float, str]]:
    totals = {name: reading.machine.get(name, 0.0) + reading.people.get(name, 0.0) for name in reading.words}
    rest = max((score for name, score in totals.items() if name not in _ONLY_TIMING), default=0.0)
    for name in _ONLY_TIMING:
        if name in totals and rest >= 2.5:
            totals[name] *= 0.5
    return sorted(((score, name) for name, score in totals.items()), key=lambda item: (-item[0], item[1]))
