"""A hypothesis for every mechanism of the causal map: it shows itself, so do its effects, and no rival explains it better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from diagnostics.causal_map.graph import CausalMap, standard_map
from diagnostics.errors import ProbeError
from diagnostics.hypothesis_testing.conditions import TestCondition
from diagnostics.hypothesis_testing.hypothesis import Look, LookOnce, shared
from diagnostics.hypothesis_testing.inference import OFF_MAP_ACTIVE
from diagnostics.hypothesis_testing.shared import SharedLook
from diagnostics.model.finding import Finding, State
from diagnostics.model.mechanism import Kind

#: Effects that the map makes at least this likely are predictions.
PREDICTED = 0.5
#: A rival must speak this much louder (nats) to refute.
LOUDER = 1.0
#: A detector is rarely wrong, but it is wrong sometimes.
DETECTOR_ERRS = 0.02
#: How often a rival shows itself when the hypothesis is false: one of them is then the truth.
RIVAL_IF_FALSE = 0.3
LOOK_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Sighting:
    """Whether something was seen, and the sentence that says so."""

    seen: bool
    said: str

    def __bool__(self) -> bool:
        return self.seen

    def __str__(self) -> str:
        return self.said


def conditions_for(id_: str, look: LookOnce, *, causal_map: CausalMap | None = None) -> list[TestCondition]:
    """Return the predictions and falsifiers of a mechanism, generated from the map.

    It predicts that its own detector sees it and that at least one of its likely effects is seen. It is refuted where
    one of the mechanisms with which it is easily confused shows itself louder. What nobody could look at is not
    tested.

    Args:
        id_: Mechanism of the map.
        look: Looks at the target once; all conditions of a round share one look.
        causal_map: The map; the shipped one when None.

    Raises:
        ConfigurationError: There is no such mechanism.
    """
    known = causal_map if causal_map is not None else standard_map()
    node, seen = known[id_], shared(look)
    effects = [e for e in node.causes if e.probability >= PREDICTED] or list(node.causes)[:1]
    related = known.reach(id_)
    rivals = [r for r in node.confusable_with if r in known and r not in related and id_ not in known.reach(r)]
    return [
        TestCondition(
            f"it shows itself: {node.title}",
            _ask(seen, id_, id_, _present),
            None,
            "is_true",
            timeout_seconds=LOOK_SECONDS,
            if_false=max(DETECTOR_ERRS, OFF_MAP_ACTIVE[node.kind]),
        ),
        *(
            TestCondition(
                f"its effect is seen: {known[edge.effect].title}",
                _ask(seen, id_, edge.effect, _present),
                None,
                "is_true",
                timeout_seconds=LOOK_SECONDS,
                any_of=f"effects of {id_}",
                if_false=max(DETECTOR_ERRS, OFF_MAP_ACTIVE[known[edge.effect].kind]),
            )
            for edge in effects
        ),
        *(
            TestCondition(
                f"a rival shows itself louder: {known[rival].title}",
                _ask(seen, id_, rival, _louder),
                None,
                "is_true",
                timeout_seconds=LOOK_SECONDS,
                if_false=RIVAL_IF_FALSE,
                refutes=True,
            )
            for rival in rivals
            if known[rival].kind is Kind.CAUSE
        ),
    ]


def _ask(
    seen: SharedLook[Look], id_: str, other: str, judge: Callable[[Finding, Finding], Sighting]
) -> Callable[[], Any]:
    def use(look: Look) -> Sighting:
        by_id = {f.mechanism: f for f in look.findings}
        nobody = Finding(mechanism=other, state=State.UNKNOWN, strength=0.0, sentence="nobody could look")
        return judge(by_id.get(id_, nobody), by_id.get(other, nobody))

    return lambda: seen.ask(f"{id_}/{other}", use)


def _present(_own: Finding, asked: Finding) -> Sighting:
    if asked.state is State.UNKNOWN:
        raise ProbeError(asked.sentence)
    return Sighting(asked.state is State.PRESENT, asked.sentence)


def _louder(own: Finding, rival: Finding) -> Sighting:
    if rival.state is State.UNKNOWN:
        raise ProbeError(rival.sentence)
    louder = rival.state is State.PRESENT and rival.strength > own.strength + LOUDER
    return Sighting(louder, rival.sentence)
