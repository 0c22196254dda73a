"""Triage from text alone: category, severity and candidate causes of a reported problem, with the reason in words.

The score of a mechanism is the sum of what machine texts and the words of the reporter say for it, as log-likelihood
ratios (``triage_reading``). Two rivals are always in the race: *nothing is wrong* and *the text does not decide*; a few
fitted weights say how the signs of health, harm and missing evidence are weighed against it (``triage_model``). Error
texts often name the victim, so the reporter's words about the culprit count as much.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from diagnostics.causal_map.signatures import CATEGORY
from diagnostics.core_diagnostics.triage_model import label, severity, shipped_weights
from diagnostics.core_diagnostics.triage_reading import Reading, read
from diagnostics.model.problem import Candidate, Category, Problem, ProblemPriority, Severity, Triage

_MAX_CANDIDATES = 5

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


def classify(problem: Problem) -> Triage:
    """Return where on the map a reported problem lies, how bad it is, and what to look at first."""
    reading = read(problem)
    if not reading.story:
        return _nothing_said()
    weights = shipped_weights()
    category, confidence = label(reading, weights)
    candidates = candidates_of(reading, category)
    return Triage(
        category=category,
        severity=severity(reading, category, candidates[0].mechanism if candidates else None, weights),
        candidates=candidates,
        confidence=round(min(confidence, 0.97), 3),
        reason=_reason(category, candidates, reading),
        symptoms=_symptoms(f"{reading.story}\n{reading.error}") if category is not Category.BENIGN else (),
        probe_first=_PROBES[category],
    )


def _nothing_said() -> Triage:
    return Triage(
        category=Category.UNKNOWN,
        severity=Severity.MEDIUM,
        candidates=(),
        confidence=0.97,
        reason="The report says nothing; ask what was seen, where and since when.",
        probe_first=_PROBES[Category.UNKNOWN],
    )


def candidates_of(reading: Reading, category: Category) -> tuple[Candidate, ...]:
    """Return the mechanisms that would explain a report of this category, best first."""
    if category is Category.BENIGN:
        return ()
    # The winning category goes first: its mechanisms explain the report together.
    ordered = sorted(reading.ranked, key=lambda item: (CATEGORY[item[1]] is not category, -item[0]))
    first, rest = ordered[:1], sorted(ordered[1:], key=lambda item: -item[0])
    return tuple(
        Candidate(mechanism=mechanism, strength=round(score, 2), because=_because(reading.words[mechanism]))
        for score, mechanism in [*first, *rest][:_MAX_CANDIDATES]
        if score >= 0.5
    )


def _because(words: list[tuple[float, str]]) -> str:
    strongest = sorted(words, key=lambda item: -item[0])[:2]
    return "; ".join(f"“{' '.join(text.split())}”" for _, text in strongest)


def _reason(category: Category, candidates: tuple[Candidate, ...], reading: Reading) -> str:
    if category is Category.BENIGN:
        said = "; ".join(f"“{words}”" for words in (reading.said["healthy"] + reading.said["noise"])[:3])
        return f"Reads as expected behaviour, noise or a question: {said or 'nobody is said to be harmed'}."
    if category is Category.UNKNOWN:
        vague = "; ".join(f"“{words}”" for words in reading.said["vague"][:2])
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


def problem_of(report: Mapping[str, Any]) -> Problem:
    """Return the problem that a report in JSON tells."""
    description = report.get("problem_description", report.get("description"))
    error = report.get("error_message", report.get("error"))
    return Problem(
        description="" if description is None else str(description),
        error_message="" if error is None else str(error),
        context=_texts(report.get("context")),
    )


def _answer(number: int, report: Mapping[str, Any]) -> dict[str, Any]:
    triage = classify(problem_of(report))
    return {
        "id": report.get("id", number),
        "category": triage.category.value,
        "severity": triage.severity.value,
        "priority": triage.priority.value,
        "root_cause_candidates": [candidate.mechanism for candidate in triage.candidates],
        "reason": triage.reason,
        "confidence": triage.confidence,
    }
