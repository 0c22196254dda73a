"""Phases 3 and 4: verdicts on hypotheses, and between which of them an experiment should decide (pure)."""

from __future__ import annotations

from collections.abc import Sequence

from diagnostics.causal_map.graph import CausalMap
from diagnostics.diagnostic_orchestrator.results import HypothesisVerdict
from diagnostics.hypothesis_testing.inference import NOTHING, OFF_MAP, marginal
from diagnostics.model.diagnosis import Ranked
from diagnostics.model.finding import Finding, State
from diagnostics.model.mechanism import Kind

#: What a mechanism makes at least this likely counts as its prediction.
PREDICTED = 0.5
#: A finding of this strength (nats) is no noise, though it may not decide.
DOUBTFUL = 2.5


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
        if f.state is State.PRESENT and f.mechanism in causal_map and causal_map[f.mechanism].kind is Kind.CAUSE
    ]
    return [id_ for id_ in dict.fromkeys([*suspected, *leaders, *shown]) if id_ in causal_map][:24]


def close_race(causal_map: CausalMap, findings: Sequence[Finding], ranking: Sequence[Ranked]) -> tuple[str, ...]:
    """Return the mechanisms between which an experiment should decide; empty when one leads clearly.

    Where nothing seems to be wrong, a cause that showed itself all the same deserves a second, longer look.
    """
    if not ranking or (ranking[0].name != NOTHING and ranking[0].posterior >= 0.85):
        return ()
    if ranking[0].name == NOTHING and ranking[0].posterior >= 0.7:
        return tuple(
            f.mechanism
            for f in sorted(findings, key=lambda f: -f.strength)
            if f.state is State.PRESENT and f.strength >= DOUBTFUL and causal_map[f.mechanism].kind is Kind.CAUSE
        )[:3]
    return tuple(dict.fromkeys(m for r in ranking[:4] if r.name not in (NOTHING, OFF_MAP) for m in r.mechanisms))
