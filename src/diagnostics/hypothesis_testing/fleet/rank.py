"""Clues + call graph -> where it began (pure).

Each node is active or not; its clues together are a log-likelihood ratio s for "active". Under the hypothesis "it began at r", r is
active, and a caller of an active node is active with the probability ``PASS_ON`` (noisy-or along the edges); any other node is active
only by a small leak. As in the single backend,

    log P(clues | r) = sum over n of log(q(n|r) * exp(s_n) + 1 - q(n|r)) + const

so that trouble which r does not explain costs log(1/leak), and quiet callers of r cost log(1/(1-q)).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from diagnostics.hypothesis_testing.fleet.clues import Clue, Ranked, Ranking
from diagnostics.hypothesis_testing.fleet.graph import Graph

#: How likely an active node makes its caller active.
PASS_ON = 0.7
#: How often a node is active with no cause of ours.
LEAK = 0.02
#: No single node is worth more than this (nats), as in the single backend.
LIMIT = 9.0
PRIOR_NOTHING = 0.5
PRIOR_UNKNOWN = 0.03


def rank(clues: Iterable[Clue], graph: Graph, target: str | None = None) -> Ranking:
    """Return the nodes at which it may have begun, most probable first.

    Args:
        clues: Any number for each node; nodes that the graph does not know are taken in, without calls.
        graph: Who calls whom.
        target: Where the symptom was seen. The cause is then looked for down its call chain; others stay in the race at a discount.
    """
    by_node: dict[str, list[Clue]] = {}
    for clue in sorted(clues, key=lambda c: (c.node, -c.score, c.inner)):
        by_node.setdefault(clue.node, []).append(clue)
    full = Graph.of(graph.edges, (*graph.nodes, *by_node))
    strength = {node: max(-LIMIT, min(LIMIT, own[0].score)) for node, own in by_node.items()}
    below = full.below(target) if target is not None else None
    candidates = [n for n in full.nodes if n in by_node and (below is None or n in below)]
    share = (1.0 - PRIOR_NOTHING - PRIOR_UNKNOWN) / max(1, len(candidates))
    scores = {node: math.log(share) + _explains(full, node, strength) for node in candidates}
    nothing = math.log(PRIOR_NOTHING) + sum(_term(LEAK, s) for s in strength.values())
    unknown = math.log(PRIOR_UNKNOWN) + sum(_term(0.15, s) for s in strength.values())
    best = max([*scores.values(), nothing, unknown])
    weights = {node: math.exp(score - best) for node, score in scores.items()}
    rest = (math.exp(nothing - best), math.exp(unknown - best))
    total = sum(weights.values()) + sum(rest)
    posterior = {n: w / total for n, w in sorted(weights.items(), key=lambda item: (-item[1], item[0]))}
    ranked = tuple(entry for node, p in posterior.items() for entry in _inner(by_node[node], p))
    abnormal = rest[0] / total < 0.5
    return Ranking(
        ranked=tuple(sorted(ranked, key=lambda r: (-r.score, r.node, r.inner))) if abnormal else (),
        nodes=posterior,
        nothing=rest[0] / total,
        unknown=rest[1] / total,
        onset=min(
            (c.onset for own in by_node.values() for c in own if c.onset is not None and c.score > 0), default=None
        ),
    )


def _explains(graph: Graph, root: str, strength: Mapping[str, float]) -> float:
    above = graph.above(root)
    return sum(
        _term(1 - (1 - LEAK) * (1 - PASS_ON ** above[n]) if n in above else LEAK, s) for n, s in strength.items()
    )


def _term(active: float, strength: float) -> float:
    return math.log(min(active, 0.995) * math.exp(strength) + 1 - min(active, 0.995))


def _inner(own: list[Clue], posterior: float) -> list[Ranked]:
    best = own[0].score
    weights = [math.exp(max(-50.0, clue.score - best)) for clue in own]
    return [
        Ranked(
            node=clue.node,
            inner=clue.inner,
            score=posterior * weight / sum(weights),
            reasons=(clue.reason,) if clue.reason else (),
        )
        for clue, weight in zip(own, weights, strict=True)
    ]
