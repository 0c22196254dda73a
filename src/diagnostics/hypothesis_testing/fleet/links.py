"""Slow legs of calls -> which pod's network is slow (pure).

A slow leg between two pods speaks against both. If one pod is late to answer, all legs to it are slow; if it is late to call, all
legs from it are; or both. So the side of a pod that explains most slow legs with fewest quiet ones is taken, then the next for what is
left.
"""

from __future__ import annotations

from collections.abc import Mapping

#: No leg is worth more than this (nats).
LIMIT = 30.0
#: What it costs (nats) that only one side of a pod is slow, since a slow network is mostly slow both ways; more for calls than for
#: answers, since whoever answers late makes the leg slow with its queue too.
ANSWERS_ONLY, CALLS_ONLY = 1.0, 2.0


def slow_networks(legs: Mapping[tuple[str, str], float]) -> dict[str, float]:
    """Return the pods whose network explains the slow legs, and how strong the strongest of those legs is (nats).

    Args:
        legs: For each pair of caller and callee that was seen, the log-likelihood ratio of "slower than usual"; negative is quiet.
    """
    left = {leg: min(nats, LIMIT) for leg, nats in legs.items()}
    ends = sorted({end for leg in legs for end in leg})
    found: dict[str, float] = {}
    while any(nats > 0 for nats in left.values()):
        best, score, side = max(((end, *_best_side(end, left)) for end in ends), key=lambda one: one[1])
        if score <= 0:
            break
        found[best] = max(found.get(best, 0.0), min(score, LIMIT))
        left = {leg: nats for leg, nats in left.items() if leg not in side}
    return found


def _best_side(end: str, left: Mapping[tuple[str, str], float]) -> tuple[float, set[tuple[str, str]]]:
    answers = {leg for leg in left if leg[1] == end}
    calls = {leg for leg in left if leg[0] == end}
    sides = [(answers | calls, 0.0 if answers else CALLS_ONLY), (answers, ANSWERS_ONLY), (calls, CALLS_ONLY)]
    return max(((sum(left[leg] for leg in side) - price, side) for side, price in sides), key=lambda found: found[0])
