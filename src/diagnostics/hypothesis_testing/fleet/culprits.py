"""Local clues + call graph -> at which node, and in what of it, it began (pure).

The clues are *local*: a pod's own processor, the time of its calls on their way, its time less its children's, its own broken habits.
So little is left for the call graph to explain, and how strong a clue is tells more than how deep it lies. Every clue is a hypothesis
"it began here"; its score is the evidence that it accounts for:

- its own strength s, in full;
- in the same pod what lies downstream of it (resource, then network, then operations and code regions);
- on the way to the symptom: operations and code regions of those who call the pod, directly or not, less for each call;
  but no resource of a caller: a starved processor is not the work of somebody that is called;
- the rest is chance: any other clue costs log(1/LEAK), and is no stronger than ``CHANCE``, since the background of a fleet is full of
  small things and seldom has a big one.

A weak clue does not explain a strong one: what is explained counts up to ``OWN`` times s in the same pod; in others up to the
strongest of s and what it explains in its own pod.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from enum import IntEnum

from diagnostics.hypothesis_testing.fleet.clues import Clue, Kind, Ranked, Ranking
from diagnostics.hypothesis_testing.fleet.graph import Graph

#: Inner cause of a pod whose calls are slow on their way.
NETWORK = "network delay"
#: How likely what began in a pod shows in its caller.
PASS_ON = 0.5
#: How likely any other pod has a clue by chance.
LEAK = 0.02
#: No clue by chance is stronger than this (nats).
CHANCE = 6.0
#: No clue is worth more (nats): beyond, the model of the noise is what is wrong.
LIMIT = 30.0
#: Within a pod a cause explains effects up to so many times its own strength.
OWN = 4.0


class Level(IntEnum):
    """What is upstream of what within a pod."""

    RESOURCE = 0
    NETWORK = 1
    WORK = 2


def level(clue: Clue) -> Level:
    """Return where in its pod the clue lies."""
    if clue.kind is Kind.METRIC:
        return Level.NETWORK if clue.inner == NETWORK else Level.RESOURCE
    return Level.WORK


def culprits(clues: Iterable[Clue], graph: Graph) -> Ranking:
    """Return the clues as causes, most probable first. Clues that do not speak for a change are left out.

    Args:
        clues: Any number for each pod; pods that the graph does not know are taken in, without calls.
        graph: Who calls whom.
    """
    speaking = sorted((c for c in clues if c.score > 0), key=lambda c: (c.node, -c.score, c.inner))
    full = Graph.of(graph.edges, (*graph.nodes, *(c.node for c in speaking)))
    strongest: dict[tuple[str, Level], float] = {}
    for clue in speaking:
        key = (clue.node, level(clue))
        strongest[key] = max(strongest.get(key, 0.0), min(clue.score, LIMIT))
    distance = {node: full.above(node) for node in {clue.node for clue in speaking}}
    scores = [_accounts_for(clue, strongest, distance[clue.node]) for clue in speaking]
    best = max(scores, default=0.0)
    weights = [math.exp(score - best) for score in scores]
    total = math.fsum(weights) or 1.0
    chance = math.fsum(_chance(nats) for nats in strongest.values())
    # As likely a priori: nothing, or any one of the pods.
    odds = math.log(total) + best - chance - math.log(max(1, len(full.nodes)))
    ranked = sorted(
        (
            Ranked(
                node=c.node, inner=c.inner, score=weight / total, reasons=(c.reason,) if c.reason else (), kind=c.kind
            )
            for c, weight in zip(speaking, weights, strict=True)
        ),
        key=lambda r: (-r.score, r.node, r.inner),
    )
    nodes: dict[str, float] = {}
    for entry in ranked:
        nodes[entry.node] = nodes.get(entry.node, 0.0) + entry.score
    ordered = dict(sorted(nodes.items(), key=lambda item: (-item[1], item[0])))
    return Ranking(
        ranked=tuple(ranked),
        nodes=ordered,
        nothing=1 / (1 + math.exp(min(700.0, odds))) if speaking else 1.0,
        unknown=0.0,
    )


def _accounts_for(cause: Clue, strongest: Mapping[tuple[str, Level], float], callers: Mapping[str, int]) -> float:
    strength, where = min(cause.score, LIMIT), level(cause)
    below = [at for at in Level if at > where and (cause.node, at) in strongest]
    own = {at: min(strongest[cause.node, at], OWN * strength) for at in below}
    shown = max([strength, *own.values()])
    score = strength
    for (node, at), nats in strongest.items():
        explained = 0.0
        if node == cause.node and at == where:
            continue
        if node == cause.node and at in own:
            explained = own[at] + math.log(PASS_ON)
        elif node != cause.node and at is Level.WORK and node in callers:
            explained = min(nats, shown) + callers[node] * math.log(PASS_ON)
        score += max(_chance(nats), explained)
    return score


def _chance(nats: float) -> float:
    return max(0.0, min(nats, CHANCE) + math.log(LEAK))
