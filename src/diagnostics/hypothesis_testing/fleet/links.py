"""Slow legs of calls -> which pod's network is slow (pure).

A slow leg between two pods speaks against both. If one pod is late to answer, all legs to it are slow; if it is late to call, all
legs from it are; or both. So the side of a pod that explains most slow legs with fewest quiet ones is taken, then the next for what is
left.
"""

from __future__ import annotations

from collections.abc import Mapping

#: No leg is worth more than this (nats).
LIMIT = 30.0


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
    return max(
        ((sum(left[leg] for leg in side), side) for side in (answers | calls, answers, calls)), key=lambda one: one[0]
    )
