"""How the signs of a report are weighed: is there a problem, can it be told which, and how bad is it.

The weights are fitted by ``tools/fit_triage.py`` on labelled reports and kept beside this file. The features are few and
general on purpose: knowledge of what errors mean is in the signatures, never in the weights.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Final

from diagnostics.causal_map.signatures import SEVERITY
from diagnostics.core_diagnostics.triage_reading import Reading
from diagnostics.model.problem import Category, Severity

Weights = Mapping[str, Mapping[str, float]]
Features = dict[str, float]

STEPS: Final = (Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)
#: The three answers to "is there a problem and can it be told which"; the first is the yardstick of the other two.
LABELS: Final = ("concrete", "benign", "unknown")
#: What a wrong answer costs: truth first, then what was said. A false alarm costs most, to miss a cause somewhat more
#: than to leave it open.
_COSTS: Final = {
    "concrete": {"concrete": 0.0, "benign": 1.3, "unknown": 1.0},
    "benign": {"concrete": 4.0, "benign": 0.0, "unknown": 1.0},
    "unknown": {"concrete": 0.9, "benign": 1.2, "unknown": 0.0},
}
_QUESTION = re.compile(r"\?\s*$|\?\s", re.MULTILINE)
_PERCENT = re.compile(
    r"(\d{1,3}(?:[.,]\d+)?) ?%(?: of)?(?: all| our| the)? ?(?:users|customers|clients|requests|orders|saves|calls|"
    r"payments|logins|пользователей|клиентов|запросов|заказов|платежей)",
    re.IGNORECASE,
)


@lru_cache(maxsize=1)
def shipped_weights() -> Mapping[str, Weights]:
    """Return the weights that come with the package."""
    text = files("diagnostics.core_diagnostics").joinpath("triage_weights.json").read_text(encoding="utf-8")
    weights: Mapping[str, Weights] = json.loads(text)
    return weights


def label_features(reading: Reading) -> Features:
    """Return what bears on whether there is a problem and whether the text can tell which."""
    concepts, tones = reading.concepts, reading.tones
    scores = [score for score, _ in reading.ranked[:2]] + [0.0, 0.0]
    best, second = scores[0], scores[1]
    machine = max(reading.machine.values(), default=0.0)
    people = max(reading.people.values(), default=0.0)
    story, error = len(reading.told.split()), len(reading.error)
    trouble, peace, gap = (tones.get(name, 0) for name in ("trouble", "peace", "gap"))
    calm = story >= 4 and not (trouble or gap or concepts["harm"] or concepts["vague"])
    return {
        "one": 1.0,
        "calm": float(calm),
        "calm.no.error": float(calm and error == 0),
        "calm.and.peace": float(calm and (peace > 0 or concepts["healthy"] > 0)),
        "healthy": min(concepts["healthy"], 8.0) / 3,
        "healthy.any": float(concepts["healthy"] > 0),
        "noise": min(concepts["noise"], 5.0) / 3,
        "harm": min(concepts["harm"], 4.0) / 2,
        "harm.any": float(concepts["harm"] > 0),
        "vague": min(concepts["vague"], 6.0) / 3,
        "vague.any": float(concepts["vague"] > 0),
        "impact.all": min(concepts["impact.all"], 3.0),
        "impact.few": float(concepts["impact.few"] > 0),
        "impact.many": float(concepts["impact.many"] > 0),
        "impact.core": float(concepts["impact.core"] > 0),
        "best": min(best, 8.0) / 5,
        "best.telling": float(best > 2.5),
        "best.some": float(best > 1.2),
        "machine": min(machine, 8.0) / 5,
        "people": min(people, 8.0) / 5,
        "people.telling": float(people > 2.5),
        "margin": min(best - second, 5.0) / 3,
        "health.odds": health_odds(reading) / 4,
        "question": float(bool(_QUESTION.search(reading.told))),
        "no.error": float(error == 0),
        "short.error": float(0 < error < 25),
        "no.story": float(story == 0),
        "short.story": float(0 < story < 8),
        "long.story": float(story > 14),
        "story": math.log1p(story) / 3,
        "error": math.log1p(error) / 5,
        "trouble.any": float(trouble > 0),
        "trouble": min(trouble, 4) / 2,
        "peace.any": float(peace > 0),
        "peace": min(peace, 4) / 2,
        "gap.any": float(gap > 0),
        "gap": min(gap, 4) / 2,
        "peace.over.trouble": (min(peace, 4) - min(trouble, 4)) / 2,
    }


def health_odds(reading: Reading) -> float:
    """Return the log odds of no problem against any problem, by the phrases that say so outright."""
    # People who report a problem say what is bad; signs of health without that are about something else.
    concepts, story = reading.concepts, reading.told
    signs = concepts["healthy"] + concepts["noise"]
    calm = bool(story) and not concepts["harm"] and not concepts["vague"]
    at_ease = 1.2 if calm and signs >= 1.0 else 0.0
    return (
        at_ease
        + 1.2 * concepts["healthy"]
        + 1.0 * concepts["noise"]
        - 1.0 * concepts["harm"]
        - 0.5 * concepts["vague"]
        - 0.8 * concepts["impact.all"]
        - 2.3
    )


def severity_features(reading: Reading, category: Category, mechanism: str | None) -> Features:
    """Return what bears on how bad it is: what is usual for the cause, who is hit, and what fails."""
    concepts, tones = reading.concepts, reading.tones
    usual = SEVERITY[mechanism] if mechanism else Severity.MEDIUM
    wide, core = min(concepts["impact.all"], 2.0), min(concepts["impact.core"], 1.5)
    few, many = min(concepts["impact.few"], 2.0), min(concepts["impact.many"], 1.5)
    unknown = float(category is Category.UNKNOWN)
    features = {
        "one": 1.0,
        "wide": wide,
        "wide.any": float(wide > 0),
        "core": core,
        "few": few,
        "few.any": float(few > 0),
        "many": many,
        "core.harm": core * float(concepts["harm"] > 0 or tones.get("trouble", 0) > 0),
        "no.error": float(not reading.error),
        "vague": min(concepts["vague"], 6.0) / 3,
        "gap": min(tones.get("gap", 0), 4) / 2,
        "trouble": min(tones.get("trouble", 0), 4) / 2,
        "unknown": unknown,
        "unknown.wide": unknown * wide,
        "unknown.core": unknown * core,
        "unknown.many": unknown * many,
        "usual.level": float(STEPS.index(usual)),
        f"usual.{usual.value}": 1.0,
        f"category.{category.value}": 1.0,
    }
    share = share_hit(reading.story)
    if share is not None:
        features["share.half" if share >= 50 else "share.many" if share >= 5 else "share.few"] = 1.0
    return features


def share_hit(story: str) -> float | None:
    """Return the percentage of users or requests that a story says are hit."""
    match = _PERCENT.search(story)
    return None if match is None else float(match.group(1).replace(",", "."))


def probabilities(features: Features, weights: Weights) -> dict[str, float]:
    """Return the probability of each answer under weights; an answer without weights is the yardstick."""
    scores = {
        answer: sum(value * row.get(name, 0.0) for name, value in features.items()) for answer, row in weights.items()
    }
    top = max(scores.values())
    shares = {answer: math.exp(score - top) for answer, score in scores.items()}
    total = sum(shares.values())
    return {answer: share / total for answer, share in shares.items()}


def label(reading: Reading, weights: Mapping[str, Weights]) -> tuple[Category, float]:
    """Return the category of a report and how sure that is."""
    chances = probabilities(label_features(reading), weights["label"])
    by_category = reading.by_category()
    decided = min(LABELS, key=lambda said: sum(chances[truth] * costs[said] for truth, costs in _COSTS.items()))
    if decided == "concrete" and by_category:
        best = max(by_category, key=lambda category: (by_category[category], category.value))
        top = by_category[best]
        share = 1.0 / sum(math.exp(score - top) for score in by_category.values())
        return best, chances["concrete"] * share
    if decided == "benign" or (decided == "concrete" and chances["benign"] > chances["unknown"]):
        return Category.BENIGN, chances["benign"]
    return Category.UNKNOWN, max(chances["unknown"], 1 - chances["benign"] - chances["concrete"])


def severity(reading: Reading, category: Category, mechanism: str | None, weights: Mapping[str, Weights]) -> Severity:
    """Return how bad it is: the median of what is likely, so that a near miss is one step away."""
    if category is Category.BENIGN:
        return Severity.LOW
    chances = probabilities(severity_features(reading, category, mechanism), weights["severity"])
    below = 0.0
    for step in STEPS:
        below += chances[step.value]
        if below >= 0.5:
            found = step
            break
    else:
        found = Severity.CRITICAL
    if category is Category.UNKNOWN and found is Severity.LOW:
        return Severity.MEDIUM
    return _within_rules(found, reading.story)


def _within_rules(found: Severity, story: str) -> Severity:
    """Five percent of users or more is high at least; less is medium at most."""
    share = share_hit(story)
    if share is None:
        return found
    level = STEPS.index(found)
    if share >= 50:
        return STEPS[3]
    return STEPS[max(level, 2)] if share >= 5 else STEPS[min(level, 1)]
