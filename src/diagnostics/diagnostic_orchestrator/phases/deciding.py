"""Phases 3 and 4: verdicts on hypotheses, experiments where two are close, and the user's own whys (pure but for ``experiments``)."""

from __future__ import annotations

from collections.abc import Sequence

from diagnostics.causal_map.graph import CausalMap
from diagnostics.core_diagnostics.classification import classify
from diagnostics.diagnostic_orchestrator.results import HypothesisVerdict, JudgedAnswer
from diagnostics.hypothesis_testing.inference import NOTHING, OFF_MAP, marginal
from diagnostics.model.diagnosis import Diagnosis, Ranked
from diagnostics.model.finding import Finding, State
from diagnostics.model.mechanism import Kind
from diagnostics.model.problem import Problem

#: What a mechanism makes at least this likely counts as its prediction.
PREDICTED = 0.5


def verdict_on(
    causal_map: CausalMap, id_: str, findings: Sequence[Finding], ranking: Sequence[Ranked]
) -> HypothesisVerdict:
    """Return what the findings say about one mechanism."""
    by_id = {finding.mechanism: finding for finding in findings}
    node = causal_map[id_]
    posterior = marginal(ranking).get(id_, 0.0)
    predicted = [other for other, chance in causal_map.reach(id_).items() if chance >= PREDICTED]
    seen = [m for m in predicted if m in by_id and by_id[m].state is State.PRESENT]
    missing = [m for m in predicted if m in by_id and by_id[m].state is State.ABSENT]
    unseen = [m for m in predicted if m not in by_id or by_id[m].state is State.UNKNOWN]
    own = by_id.get(id_)
    if posterior >= 0.6 and own is not None and own.state is State.PRESENT:
        verdict, reason = "supported", own.sentence
    elif own is not None and own.state is State.ABSENT and posterior < 0.05:
        verdict, reason = "refuted", own.sentence
    elif posterior < 0.05 and own is not None and own.state is State.PRESENT:
        verdict, reason = "refuted", f"{own.sentence}; another cause explains it better"
    else:
        verdict, reason = "inconclusive", own.sentence if own is not None else "nothing was seen of it"
    return HypothesisVerdict(
        hypothesis=id_,
        title=node.title,
        verdict=verdict,
        posterior=posterior,
        reason=reason,
        tested_by="causal map",
        seen=tuple(seen),
        missing=tuple(missing),
        unseen=tuple(unseen),
    )


def worth_reporting(
    causal_map: CausalMap, findings: Sequence[Finding], ranking: Sequence[Ranked], suspected: Sequence[str]
) -> list[str]:
    """Return the mechanisms whose verdict belongs into the result: leaders, suspects and whatever shows itself."""
    leaders = [m for entry in ranking[:8] for m in entry.mechanisms]
    shown = [
        f.mechanism
        for f in findings
        if f.state is State.PRESENT
        and f.mechanism in causal_map
        and causal_map[f.mechanism].kind is Kind.CAUSE
    ]
    return [id_ for id_ in dict.fromkeys([*suspected, *leaders, *shown]) if id_ in causal_map][:24]


def judge_answers(
    causal_map: CausalMap, problem: str, answers: Sequence[str], diagnosis: Diagnosis
) -> tuple[JudgedAnswer, ...]:
    """Return for each answer of the user whether the evidence supports it, contradicts it or is silent."""
    by_id = {finding.mechanism: finding for finding in diagnosis.findings}
    judged: list[JudgedAnswer] = []
    question = problem or "the reported problem"
    for answer in answers:
        named = [m for m in _mechanisms_in(causal_map, answer) if m in by_id]
        present = [m for m in named if by_id[m].state is State.PRESENT]
        absent = [m for m in named if by_id[m].state is State.ABSENT]
        if present:
            best = max(present, key=lambda m: by_id[m].strength)
            judgement, because, evidence = "supported", by_id[best].sentence, by_id[best].evidence
        elif absent and not any(by_id[m].state is State.UNKNOWN for m in named[:1]):
            worst = min(absent, key=lambda m: by_id[m].strength)
            judgement, because, evidence = "contradicted", by_id[worst].sentence, by_id[worst].evidence
        else:
            judgement, evidence = "silent", ()
            because = (
                "nothing that was observed speaks for or against it"
                if named
                else "the answer names nothing that was observed"
            )
        judged.append(
            JudgedAnswer(
                question=f"Why: {question.rstrip('.?')}?",
                answer=answer,
                judgement=judgement,
                mechanisms=tuple(named[:4]),
                because=because,
                evidence=evidence,
            )
        )
        question = answer
    return tuple(judged)


def close_race(ranking: Sequence[Ranked]) -> tuple[str, ...]:
    """Return the mechanisms between which an experiment should decide; empty when one leads clearly."""
    if (
        not ranking
        or ranking[0].posterior >= 0.85
        or (ranking[0].name == NOTHING and ranking[0].posterior >= 0.7)
    ):
        return ()
    return tuple(
        dict.fromkeys(m for r in ranking[:4] if r.name not in (NOTHING, OFF_MAP) for m in r.mechanisms)
    )


_WORDS: dict[str, tuple[str, ...]] = {
    "requests-slow": (
        "slow",
        "time out",
        "timing out",
        "timeout",
        "latency",
        "медлен",
        "тайм-аут",
        "таймаут",
    ),
    "requests-fail": ("fail", "error", "500", "ошибк", "пада"),
    "service-down": ("down", "not answer", "unavailable", "недоступ"),
    "db-lock-wait": ("lock", "blocked", "блокиров"),
    "db-pool-exhausted": ("pool", "пул"),
    "pool-too-small": (
        "pooling not configured",
        "pool is too small",
        "pool too small",
        "connection pooling",
        "пул слишком",
    ),
    "traffic-spike-over-capacity": ("traffic", "concurrent request", "load spike", "трафик", "нагрузк"),
    "db-queries-slow": ("slow quer", "slow sql", "query takes", "медленный запрос"),
    "missing-index-seq-scan": ("index", "индекс"),
    "external-call-slow": ("api is slow", "responding slowly", "service is slow", "отвечает медленно"),
    "external-call-fails": ("api fails", "api error", "service fails"),
    "cpu-starved": ("cpu", "процессор"),
    "memory-short": ("memory", "памят"),
    "disk-full-app-volume": ("disk", "диск"),
    "event-loop-blocked": ("event loop", "цикл событий"),
    "idle-in-transaction-blocks-writers": (
        "idle in transaction",
        "not committed",
        "never committed",
        "незакрыт",
    ),
    "bad-deploy-code-regression": ("deploy", "release", "релиз", "деплой"),
}


def _mechanisms_in(causal_map: CausalMap, answer: str) -> list[str]:
    said = answer.lower()
    by_word = [m for m, words in _WORDS.items() if any(w in said for w in words)]
    by_title = [n.id for n in causal_map if n.title.lower() in said or n.id in said]
    by_text = [c.mechanism for c in classify(Problem(description=answer)).candidates if c.strength >= 2]
    return [m for m in dict.fromkeys([*by_title, *by_word, *by_text]) if m in causal_map]
