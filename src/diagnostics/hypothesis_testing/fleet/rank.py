"""Clues + call graph -> where it began (pure).

Each node is sick or not; its clues together are a log-likelihood ratio s for "sick". Under the hypothesis "it began at r", r is sick,
and a sick node makes its callers sick with a probability each (noisy-or along the edges); any other node is sick only by a small leak.
As in the single backend,

    log P(clues | r) = sum over n of log(q(n|r) * exp(s_n) + 1 - q(n|r)) + const

so that trouble which r does not explain costs log(1/leak), and quiet callers of r cost log(1/(1-q)).

How much of a caller's trouble a callee can account for is arithmetic where both are measured in one currency (seconds spent or
requests failed in all): a callee that lost 5 s does not explain a caller that lost 40. That share scales the edge.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from diagnostics.hypothesis_testing import inference
from diagnostics.hypothesis_testing.fleet.clues import Clue, Ranked, Ranking
from diagnostics.hypothesis_testing.fleet.graph import Graph
from diagnostics.model.mechanism import Kind as Mechanism

#: How likely a sick node makes its caller sick, where nothing says how much of its trouble it accounts for.
PASS_ON = 0.5
#: A node of a fleet is a state of the single backend: the same leak, the same signs of a cause that is on none of them.
LEAK = inference.LEAK[Mechanism.STATE]
UNKNOWN_SICK = inference.OFF_MAP_ACTIVE[Mechanism.STATE]
#: No single node is worth more than this (nats).
LIMIT = inference.LIMIT
PRIOR_NOTHING = inference.PRIOR_NOTHING
PRIOR_UNKNOWN = inference.PRIOR_OFF_MAP


def rank(
    clues: Iterable[Clue], graph: Graph, target: str | None = None, *, excess: Mapping[str, float] | None = None
) -> Ranking:
    """Return the nodes at which it may have begun, most probable first.

    Args:
        clues: Any number for each node; nodes that the graph does not know are taken in, without calls.
        graph: Who calls whom.
        target: Where the symptom was seen. The cause is then looked for down its call chain only.
        excess: By how much a node was worse than before, in one currency for all of them; see the module's docstring.
    """
    by_node: dict[str, list[Clue]] = {}
    for clue in sorted(clues, key=lambda c: (c.node, -c.score, c.inner)):
        by_node.setdefault(clue.node, []).append(clue)
    full = Graph.of(graph.edges, (*graph.nodes, *by_node))
    strength = {node: _together(own) for node, own in by_node.items()}
    if target is not None:
        # Somebody says so; how surely the metrics say it too was asked before.
        strength[target] = LIMIT
    below = full.below(target) if target in full.nodes and full.edges else None
    candidates = [n for n in full.nodes if n in by_node and (below is None or n in below)]
    share = (1.0 - PRIOR_NOTHING - PRIOR_UNKNOWN) / max(1, len(candidates))
    edges = _edges(full, strength, excess or {})
    # How much is passed on to callers off the way to the symptom is anybody's guess: a cause may touch some calls only.
    # So such a caller speaks when it is sick, and says nothing by being well.
    strength = {node: s for node, s in strength.items() if s > 0.0 or below is None or node in below}
    scores = {node: math.log(share) + _explained(full, edges, node, strength) for node in candidates}
    nothing = math.log(PRIOR_NOTHING)
    unknown = math.log(PRIOR_UNKNOWN) + math.fsum(_term(UNKNOWN_SICK, s) - _term(LEAK, s) for s in strength.values())
    best = max([*scores.values(), nothing, unknown])
    weights = {node: math.exp(score - best) for node, score in scores.items()}
    rest = (math.exp(nothing - best), math.exp(unknown - best))
    total = math.fsum([*weights.values(), *rest])
    posterior = {n: w / total for n, w in sorted(weights.items(), key=lambda item: (-item[1], item[0]))}
    ranked = [entry for node, p in posterior.items() for entry in _inner(by_node[node], p)]
    abnormal = rest[0] / total < 0.5
    return Ranking(
        ranked=tuple(sorted(ranked, key=lambda r: (-r.score, r.node, r.inner))) if abnormal else (),
        nodes=posterior,
        nothing=rest[0] / total,
        unknown=rest[1] / total,
    )


def _together(own: list[Clue]) -> float:
    """Return the node's log-likelihood ratio: one of its clues changed, each of them as likely."""
    top = own[0].score
    mean = math.fsum(math.exp(c.score - top) for c in own) / len(own)
    return max(-LIMIT, min(LIMIT, top + math.log(mean)))


def _edges(graph: Graph, strength: Mapping[str, float], excess: Mapping[str, float]) -> dict[tuple[str, str], float]:
    """Return how likely a sick callee makes its caller sick, for each edge."""
    found = {}
    for caller, called in graph.edges:
        passed = PASS_ON
        if strength.get(caller, 0.0) > 0.0 and excess.get(caller, 0.0) > 0.0 and called in excess:
            # Each second lost and each failed request has to be explained: what the callee does not account for, a leak must.
            part = min(1.0, max(0.0, excess[called]) / excess[caller])
            passed = PASS_ON**part * LEAK ** (1.0 - part)
        found[caller, called] = passed
    return found


def _reach(graph: Graph, edges: Mapping[tuple[str, str], float], root: str) -> dict[str, float]:
    """Return how likely each node above ``root`` is sick when it began there.

    Noisy-or along the edges, repeated until it stands, since calls may be circular.
    """
    above = graph.above(root)
    sick = dict.fromkeys(above, 0.0)
    sick[root] = 1.0
    order = sorted(above, key=lambda n: (above[n], n))
    for _ in range(len(order)):
        moved = 0.0
        for node in order:
            if node == root:
                continue
            spared = math.prod(
                1.0 - edges[node, called] * sick[called] for called in graph.callees[node] if called in sick
            )
            moved, sick[node] = max(moved, abs(1.0 - spared - sick[node])), 1.0 - spared
        if moved < 1e-9:
            break
    return sick


def _explained(graph: Graph, edges: Mapping[tuple[str, str], float], root: str, strength: Mapping[str, float]) -> float:
    """Return by how much "it began at ``root``" is likelier than "nothing is wrong", nats: only those above it look any different."""
    return math.fsum(
        _term(1.0 - (1.0 - LEAK) * (1.0 - sick), strength[node]) - _term(LEAK, strength[node])
        for node, sick in _reach(graph, edges, root).items()
        if node in strength
    )


def _term(sick: float, strength: float) -> float:
    return inference.term(min(sick, inference.MOST), strength)


def _inner(own: list[Clue], posterior: float) -> list[Ranked]:
    """Return the entries of a node: the best inner cause carries the node's posterior, the others their likelihood relative to it."""
    return [
        Ranked(
            node=c.node,
            inner=c.inner,
            kind=c.kind,
            score=posterior * math.exp(max(-50.0, c.score - own[0].score)),
            reasons=(c.reason,) if c.reason else (),
        )
        for c in own
    ]
