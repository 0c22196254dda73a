"""Findings + map -> posteriors; "nothing is wrong" and "not on the map" are always in the race (pure).

For a hypothesis h (a set of active root causes, possibly empty) the map gives q(n|h), the probability that node n is active: noisy-or
along the edges, and a small leak for nodes that h does not reach. A finding carries the log-likelihood ratio s of its observations
for "active" against "inactive". The nodes being independent given h,

    log P(findings | h) = sum over n of log(q(n|h) * exp(s_n) + 1 - q(n|h)) + const

so that a present finding that h does not explain costs log(1/leak), an absent finding that h predicts costs log(1/(1-q)), and an
unknown one (s = 0) costs nothing. Explaining away follows: a saturated pool behind one lock is paid for by the lock.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from diagnostics.causal_map.graph import CausalMap
from diagnostics.model.diagnosis import Ranked
from diagnostics.model.finding import Finding, State
from diagnostics.model.mechanism import Kind

NOTHING = "nothing-is-wrong"
OFF_MAP = "not-on-the-map"

#: Prior of the three families, when somebody asks for a diagnosis at all.
PRIOR_NOTHING = 0.25
PRIOR_OFF_MAP = 0.03
#: Two independent causes at once are this much rarer than one.
DOUBLE_FAULT = 0.01

#: How often a detector's state is there without any of our hypotheses, by kind of node.
LEAK: Mapping[Kind, float] = {Kind.CAUSE: 0.002, Kind.STATE: 0.02, Kind.SYMPTOM: 0.03}
#: A cause that is not on the map shows symptoms and some states.
OFF_MAP_ACTIVE: Mapping[Kind, float] = {Kind.CAUSE: 0.004, Kind.STATE: 0.15, Kind.SYMPTOM: 0.6}
#: Strengths are capped: no single look is worth more than this (nats).
LIMIT = 9.0
#: Nothing is certain: what is active by hypothesis may still have looked well.
MOST = 0.995


def rank(causal_map: CausalMap, findings: Iterable[Finding], *, pairs: int = 6) -> tuple[Ranked, ...]:
    """Return all hypotheses, most probable first.

    Args:
        causal_map: The map.
        findings: At most one for each node.
        pairs: How many of the best single causes are also tried two at a time.
    """
    strengths = {f.mechanism: max(-LIMIT, min(LIMIT, f.strength)) for f in findings if f.state is not State.UNKNOWN}
    kinds = {node.id: node.kind for node in causal_map}
    # In one order, and ties by name: the order of the findings must not matter, not even in the last bit.
    strengths = {id_: s for id_, s in sorted(strengths.items()) if id_ in kinds}
    causes = causal_map.of_kind(Kind.CAUSE)
    weight = sum(node.prior for node in causes)
    share = 1.0 - PRIOR_NOTHING - PRIOR_OFF_MAP

    nothing = {id_: LEAK[kinds[id_]] for id_ in strengths}
    scored: list[tuple[str, tuple[str, ...], float, dict[str, float]]] = [
        _score(NOTHING, (), math.log(PRIOR_NOTHING), nothing, strengths, nothing),
        _score(
            OFF_MAP,
            (),
            math.log(PRIOR_OFF_MAP),
            {id_: OFF_MAP_ACTIVE[kinds[id_]] for id_ in strengths},
            strengths,
            nothing,
        ),
    ]
    singles = []
    for node in causes:
        prior = math.log(share * node.prior / weight)
        singles.append(_score(node.id, (node.id,), prior, _active(causal_map, (node.id,), nothing), strengths, nothing))
    singles.sort(key=lambda item: (-item[2], item[0]))
    scored.extend(singles)
    prior_of = {node.id: share * node.prior / weight for node in causes}
    leaders = singles[:pairs]
    for index, first in enumerate(leaders):
        for second in leaders[index + 1 :]:
            both = (first[0], second[0])
            if second[0] in causal_map.reach(first[0]) or first[0] in causal_map.reach(second[0]):
                continue
            prior = math.log(prior_of[both[0]] * prior_of[both[1]] * DOUBLE_FAULT / max(prior_of.values()))
            active = _active(causal_map, both, nothing)
            scored.append(_score(" + ".join(both), both, prior, active, strengths, nothing))
    return _normalise(scored)


def chances(causal_map: CausalMap, roots: tuple[str, ...], nodes: Iterable[str], *, name: str) -> dict[str, float]:
    """Return how likely each of ``nodes`` is active under a hypothesis; ``name`` is the hypothesis'."""
    wanted = list(nodes)
    kinds = {id_: causal_map[id_].kind for id_ in wanted}
    if name == OFF_MAP:
        return {id_: OFF_MAP_ACTIVE[kinds[id_]] for id_ in wanted}
    return _active(causal_map, roots, {id_: LEAK[kinds[id_]] for id_ in wanted})


def marginal(ranking: Sequence[Ranked]) -> dict[str, float]:
    """Return for each mechanism the probability that it is active, alone or with another."""
    total: dict[str, float] = {}
    for entry in ranking:
        for mechanism in entry.mechanisms:
            total[mechanism] = total.get(mechanism, 0.0) + entry.posterior
    return total


def _active(causal_map: CausalMap, roots: tuple[str, ...], leak: Mapping[str, float]) -> dict[str, float]:
    reach = causal_map.reach(*roots)
    return {id_: 1 - (1 - leak_of) * (1 - reach.get(id_, 0.0)) for id_, leak_of in leak.items()}


def _score(
    name: str,
    mechanisms: tuple[str, ...],
    log_prior: float,
    active: Mapping[str, float],
    strengths: Mapping[str, float],
    nothing: Mapping[str, float],
) -> tuple[str, tuple[str, ...], float, dict[str, float]]:
    score = log_prior
    contributions: dict[str, float] = {}
    for id_, strength in strengths.items():
        part = term(min(active[id_], MOST), strength)
        score += part
        contributions[id_] = part - term(nothing[id_], strength)
    return name, mechanisms, score, contributions


def term(active: float, strength: float) -> float:
    """Return what a finding of this strength says (nats) where its node is active with this probability."""
    return math.log(active * math.exp(strength) + 1 - active)


def _normalise(scored: list[tuple[str, tuple[str, ...], float, dict[str, float]]]) -> tuple[Ranked, ...]:
    best = max(score for _, _, score, _ in scored)
    total = sum(math.exp(score - best) for _, _, score, _ in scored)
    ranked = [
        Ranked(
            name=name,
            mechanisms=mechanisms,
            posterior=math.exp(score - best) / total,
            log_score=score,
            supports=tuple(sorted(((k, v) for k, v in parts.items() if v > 0.3), key=lambda p: -p[1])[:8]),
            against=tuple(sorted(((k, v) for k, v in parts.items() if v < -0.3), key=lambda p: p[1])[:5]),
        )
        for name, mechanisms, score, parts in scored
    ]
    return tuple(sorted(ranked, key=lambda r: -r.posterior))
