"""Triage from text alone: category, severity and candidate causes of a reported problem, with the reason in words.

The score of a mechanism is the sum of what machine texts and the words of the reporter say for it, as log-likelihood
ratios. Two rivals are always in the race: *nothing is wrong* and *the text does not decide*. Error texts often name the
victim, so the reporter's words about the culprit count as much.
"""

from __future__ import annotations

import json
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from diagnostics.causal_map.signatures import CATEGORY, SEVERITY, said_by_machines, said_by_people
from diagnostics.causal_map.signatures.manner import (
    CONTRAST,
    NO_HARM,
    how_people_say_it,
    loud_but_meaningless,
)
from diagnostics.causal_map.signatures.matching import shorten
from diagnostics.model.problem import Candidate, Category, Problem, ProblemPriority, Severity, Triage

#: What a mechanism has to bring before the text counts as deciding (nats).
_UNDECIDED = 2.5
#: What has to speak for good health before the report counts as no problem (nats).
_HEALTHY = 2.3
#: Nobody tells a longer story; what is longer is a pasted log.
_STORY = 8_000
_MAX_CANDIDATES = 5
_STEPS = (Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)
_NO_HARM = re.compile(NO_HARM, re.IGNORECASE)
_CONTRAST = re.compile(CONTRAST, re.IGNORECASE)
_PERCENT = re.compile(
    r"(\d{1,3}(?:[.,]\d+)?) ?%(?: of)?(?: all| our| the)? ?(?:users|customers|clients|requests|orders|saves|calls|"
    r"payments|logins|пользователей|клиентов|запросов|заказов|платежей)",
    re.IGNORECASE,
)

_PROBES: dict[Category, tuple[str, ...]] = {
    Category.HOST_ENVIRONMENT: ("host", "process", "log"),
    Category.APP_RUNTIME: ("process", "endpoint.connect", "host"),
    Category.DB_CONNECTION: ("postgres.connect", "process", "log"),
    Category.DB_LOCKS: ("postgres.connect", "log"),
    Category.DB_PERFORMANCE_STORAGE: ("postgres.connect", "host"),
    Category.SCHEMA_OR_DATA: ("postgres.connect", "change", "log"),
    Category.EXTERNAL_SERVICE: ("service.connect", "service.first_byte", "log"),
    Category.AUTH_CREDENTIALS: ("postgres.connect", "service.first_byte", "change"),
    Category.NETWORK_TLS: ("service.dns", "service.connect", "service.tls"),
    Category.CONFIG_DEPLOY: ("change", "process", "log"),
    Category.CODE_DEFECT: ("log", "change", "process"),
    Category.CACHE_QUEUE: ("service.connect", "process", "log"),
    Category.UNKNOWN: ("log", "host", "process", "postgres.connect", "endpoint.connect", "change"),
    Category.BENIGN: (),
}

_SYMPTOMS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        (
            "service-down",
            r"\b(?:down|dead|not start|refused|502|crash\w*|unreachable)\b|лежит|не стартует|не запуска|упал",
        ),
        ("requests-slow", r"time[sd]?[ -]?out|timing out|deadline exceeded|hang|таймаут|завис"),
        ("requests-slow", r"slow|latency|sluggish|takes \d+|crawl|seconds|тормоз|медленн|долго"),
        ("requests-fail", r"fail|error|exception|\b50\d\b|ошибк|не сохраня|не работа|read-only|не созда"),
        ("requests-fail", r"\blog(?:ged|ging)? (?:in|out)\b|\blogin\b|разлогин|войти|вход"),
        ("jobs-stall", r"\b(?:tasks?|jobs?|queue|celery|cron|emails?|notifications?)\b|очеред|задач|письм"),
        (
            "wrong-data",
            r"\bwrong (?:total|value|data|price)|\bstale\b|\bold (?:value|price)|twice|duplicate|стар\w* (?:цен|данн)",
        ),
    )
)


@dataclass(slots=True)
class _Scores:
    """What the text says, added up."""

    machine: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    story: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    words: dict[str, list[tuple[float, str]]] = field(default_factory=lambda: defaultdict(list))
    concepts: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    said: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, where: dict[str, float], mechanism: str, weight: float, words: str) -> None:
        """Count the strongest sign in full and each further one less."""
        strongest = where[mechanism]
        where[mechanism] = max(strongest, weight) + 0.4 * min(strongest, weight)
        self.words[mechanism].append((weight, words))

    def total(self, mechanism: str) -> float:
        """Return the log-likelihood ratio of one mechanism."""
        return self.machine.get(mechanism, 0.0) + self.story.get(mechanism, 0.0)


def classify(problem: Problem) -> Triage:
    """Return where on the map a reported problem lies, how bad it is, and what to look at first."""
    error = problem.error_message.strip()
    # A report that has only an error text may be a story as well.
    story = _story(problem) or error
    if not error and not story:
        return _nothing_said()
    scores = _read(error, story)
    ranked = sorted(((scores.total(name), name) for name in scores.words), key=lambda item: (-item[0], item[1]))
    by_category = _by_category(ranked)
    by_category[Category.UNKNOWN] = _undecided(scores, error, story, ranked)
    # Whether the reported thing does harm is told by the story, not by the error text: the rest share what is left.
    by_category[Category.BENIGN] = _log_sum(by_category.values()) + _healthy(scores, story if story != error else "")
    category, confidence = _choose(by_category)
    candidates = _candidates(ranked, scores, category)
    return Triage(
        category=category,
        severity=_severity(category, candidates, scores, story),
        candidates=candidates,
        confidence=confidence,
        reason=_reason(category, candidates, scores),
        symptoms=_symptoms(f"{story}\n{error}") if category is not Category.BENIGN else (),
        probe_first=_PROBES[category],
    )


def _story(problem: Problem) -> str:
    said = [
        problem.description,
        *(f"{key}: {value}" for key, value in problem.context.items() if str(value).strip()),
    ]
    return shorten("\n".join(str(part).strip() for part in said if str(part).strip()), _STORY)


def _nothing_said() -> Triage:
    return Triage(
        category=Category.UNKNOWN,
        severity=Severity.MEDIUM,
        candidates=(),
        confidence=0.97,
        reason="The report says nothing; ask what was seen, where and since when.",
        probe_first=_PROBES[Category.UNKNOWN],
    )


def _read(error: str, story: str) -> _Scores:
    scores = _Scores()
    for text, share in ((error, 1.0), (story if story != error else "", 0.9)):
        for hit in said_by_machines(text):
            for mechanism, weight in hit.says:
                scores.add(scores.machine, mechanism, weight * share, hit.words)
    for hit in said_by_people(story):
        for mechanism, weight in hit.says:
            scores.add(scores.story, mechanism, weight, hit.words)
    # Denied harm is no harm, and the health of a neighbour is no health.
    for concept_read, text in (
        ("harm", _NO_HARM.sub(" ", story)),
        ("healthy", _CONTRAST.sub(" ", story)),
        ("", story),
    ):
        for hit in how_people_say_it(text):
            for concept, weight in hit.says:
                if concept == concept_read or (not concept_read and concept not in ("harm", "healthy")):
                    _count(scores, concept, weight, hit.words)
    for hit in loud_but_meaningless(f"{error}\n{story}"):
        for concept, weight in hit.says:
            _count(scores, concept, weight, hit.words)
    return scores


def _count(scores: _Scores, concept: str, weight: float, words: str) -> None:
    scores.concepts[concept] += weight
    scores.said[concept].append(words)


def _by_category(ranked: list[tuple[float, str]]) -> dict[Category, float]:
    """Add mechanisms up: likelihoods add, so that ten weak ones do not beat a strong one."""
    sums: dict[Category, float] = defaultdict(float)
    for score, mechanism in ranked:
        sums[CATEGORY[mechanism]] += math.exp(min(score, 30.0)) - 1.0
    return {category: math.log1p(total) for category, total in sums.items()}


def _undecided(scores: _Scores, error: str, story: str, ranked: list[tuple[float, str]]) -> float:
    strength = _UNDECIDED + scores.concepts["vague"] * 0.9
    best = ranked[0][0] if ranked else 0.0
    if best < 1.5:
        strength += 1.5
    if best < 2.0 and len(story) < 40 and len(error) < 40:
        strength += 0.8
    return strength


def _healthy(scores: _Scores, story: str) -> float:
    """Return the log odds of no problem against any problem."""
    # People who report a problem say what is bad; signs of health without that are about something else.
    signs = scores.concepts["healthy"] + scores.concepts["noise"]
    calm = bool(story) and not scores.concepts["harm"] and not scores.concepts["vague"]
    at_ease = 1.2 if calm and signs >= 1.0 else 0.0
    return (
        at_ease
        + 1.2 * scores.concepts["healthy"]
        + 1.0 * scores.concepts["noise"]
        - 1.0 * scores.concepts["harm"]
        - 0.5 * scores.concepts["vague"]
        - 0.8 * scores.concepts["impact.all"]
        - _HEALTHY
    )


def _log_sum(values: Iterable[float]) -> float:
    known = list(values)
    top = max(known)
    return top + math.log(sum(math.exp(value - top) for value in known))


def _choose(by_category: Mapping[Category, float]) -> tuple[Category, float]:
    best = max(by_category, key=lambda category: (by_category[category], category.value))
    top = by_category[best]
    share = 1.0 / sum(math.exp(score - top) for score in by_category.values())
    return best, round(min(share, 0.97), 3)


def _candidates(ranked: list[tuple[float, str]], scores: _Scores, category: Category) -> tuple[Candidate, ...]:
    if category is Category.BENIGN:
        return ()
    # The winning category goes first: its mechanisms explain the report together.
    ordered = sorted(ranked, key=lambda item: (CATEGORY[item[1]] is not category, -item[0]))
    first, rest = ordered[:1], sorted(ordered[1:], key=lambda item: -item[0])
    return tuple(
        Candidate(mechanism=mechanism, strength=round(score, 2), because=_because(scores.words[mechanism]))
        for score, mechanism in [*first, *rest][:_MAX_CANDIDATES]
        if score >= 0.5
    )


def _because(words: list[tuple[float, str]]) -> str:
    strongest = sorted(words, key=lambda item: -item[0])[:2]
    return "; ".join(f"“{' '.join(text.split())}”" for _, text in strongest)


def _severity(category: Category, candidates: tuple[Candidate, ...], scores: _Scores, story: str) -> Severity:
    if category is Category.BENIGN:
        return Severity.LOW
    wide, core = scores.concepts["impact.all"], scores.concepts["impact.core"]
    few, many = scores.concepts["impact.few"], scores.concepts["impact.many"]
    harmed = min(scores.concepts["harm"], 1.0)
    if category is Category.UNKNOWN:
        level = 1.0 + 0.35 * min(wide, 1.5) + 0.6 * core * harmed + 0.4 * many - 0.2 * few
        return Severity.HIGH if level >= 1.6 else Severity.MEDIUM
    usual = SEVERITY[candidates[0].mechanism] if candidates else Severity.MEDIUM
    level = float(_STEPS.index(usual)) + 0.5 * min(wide, 1.6) + 0.3 * core + 0.3 * many - 0.55 * min(few, 2.0)
    level = _by_percentage(level, story)
    return _STEPS[max(0, min(3, round(level)))]


def _by_percentage(level: float, story: str) -> float:
    """Five percent of users or more is high, half of them critical."""
    match = _PERCENT.search(story)
    if match is None:
        return level
    share = float(match.group(1).replace(",", "."))
    if share >= 50:
        return max(level, 2.6)
    return max(level, 2.0) if share >= 5 else min(level, 1.4)


def _reason(category: Category, candidates: tuple[Candidate, ...], scores: _Scores) -> str:
    if category is Category.BENIGN:
        said = "; ".join(f"“{words}”" for words in (scores.said["healthy"] + scores.said["noise"])[:3])
        return f"Reads as expected behaviour, noise or a question: {said}."
    if category is Category.UNKNOWN:
        vague = "; ".join(f"“{words}”" for words in scores.said["vague"][:2])
        fits = ", ".join(candidate.mechanism for candidate in candidates[:3])
        parts = ["The text does not decide" + (f" ({vague})" if vague else "")]
        parts.append(f"it would fit {fits} alike" if fits else "it names no cause that is on the map")
        return "; ".join(parts) + "."
    if not candidates:
        return f"The words point to {category.value}."
    first = candidates[0]
    return f"{first.because} speaks for {first.mechanism}."


def _symptoms(text: str) -> tuple[str, ...]:
    return tuple(name for name, pattern in _SYMPTOMS if pattern.search(text[:4000]))


def _texts(context: object) -> dict[str, str]:
    """Return a context of any shape as texts."""
    if context is None or context == "":
        return {}
    if isinstance(context, Mapping):
        return {str(key): str(value) for key, value in context.items() if value is not None}
    if isinstance(context, list | tuple):
        return {str(number): str(value) for number, value in enumerate(context, start=1)}
    return {"context": str(context)}


def classify_problem_priority(error_msg: str, context: Mapping[str, Any] | None = None) -> ProblemPriority:
    """Return the priority of a problem known by its error text and, if there is any, its context."""
    return classify(Problem(error_message=str(error_msg or ""), context=_texts(context))).priority


def classify_problem_type(error_msg: str, traceback_str: str = "") -> Category:
    """Return the category of a problem known by its error text and traceback."""
    parts = [str(traceback_str or "").strip(), str(error_msg or "").strip()]
    return classify(Problem(error_message="\n".join(part for part in parts if part))).category


def triage_lines(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield one answer for each line of reports in JSON; a line that cannot be read gets an answer that says so.

    A report has ``id``, ``problem_description``, ``error_message`` and ``context``; any of them may be missing.
    Empty lines are skipped.
    """
    for number, line in enumerate(lines, start=1):
        text = line.strip().removeprefix("\ufeff")
        if not text:
            continue
        try:
            report = json.loads(text)
        except (ValueError, RecursionError) as error:
            yield _unreadable(number, f"not valid JSON: {error}")
            continue
        if not isinstance(report, dict):
            yield _unreadable(number, f"a report is a JSON object, this is a {type(report).__name__}")
            continue
        yield _answer(number, report)


def _unreadable(number: int, why: str) -> dict[str, Any]:
    return {
        "line": number,
        "error": f"line {number}: {why}",
        "hint": 'Write one JSON object a line, such as {"id": "1", "problem_description": "it is slow"}.',
    }


def _answer(number: int, report: Mapping[str, Any]) -> dict[str, Any]:
    description = report.get("problem_description", report.get("description"))
    error = report.get("error_message", report.get("error"))
    triage = classify(
        Problem(
            description="" if description is None else str(description),
            error_message="" if error is None else str(error),
            context=_texts(report.get("context")),
        )
    )
    return {
        "id": report.get("id", number),
        "category": triage.category.value,
        "severity": triage.severity.value,
        "priority": triage.priority.value,
        "root_cause_candidates": [candidate.mechanism for candidate in triage.candidates],
        "reason": triage.reason,
        "confidence": triage.confidence,
    }
