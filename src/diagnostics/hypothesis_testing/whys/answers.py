"""The user's own whys: does the evidence support each answer, contradict it, or is it silent? Pure."""

from __future__ import annotations

from collections.abc import Sequence

from diagnostics.causal_map.graph import CausalMap
from diagnostics.core_diagnostics.classification import classify
from diagnostics.hypothesis_testing.whys.tree import would_carry
from diagnostics.model.diagnosis import JudgedAnswer
from diagnostics.model.finding import Finding, State
from diagnostics.model.problem import Problem


def judge_answers(
    causal_map: CausalMap, problem: str, answers: Sequence[str], findings: Sequence[Finding]
) -> tuple[JudgedAnswer, ...]:
    """Return for each answer of the user whether the evidence supports it, contradicts it or is silent."""
    by_id = {finding.mechanism: finding for finding in findings}
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
                would_carry=would_carry(causal_map, named[0], by_id.get(named[0]))
                if judgement == "silent" and named
                else "",
            )
        )
        question = answer
    return tuple(judged)


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
