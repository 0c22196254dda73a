"""Symptom -> upstream along present findings -> root cause; the walk is the five whys (pure)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from diagnostics.causal_map.graph import CausalMap
from diagnostics.hypothesis_testing.inference import NOTHING, OFF_MAP, marginal, rank
from diagnostics.model.diagnosis import CouldNotLook, Diagnosis, Ranked, RootCause, Status, Why
from diagnostics.model.finding import Finding, State
from diagnostics.model.mechanism import Kind, Mechanism

#: A cause is named when it is more probable than all else together, with something to spare.
THRESHOLD = 0.6
#: A link between two present findings counts this much more than one that nobody could see (nats).
_SEEN_BONUS = 2.0


def diagnose(
    causal_map: CausalMap,
    findings: Sequence[Finding],
    *,
    could_not_look: tuple[CouldNotLook, ...] = (),
    threshold: float = THRESHOLD,
) -> Diagnosis:
    """Return the diagnosis that the findings allow."""
    ranking = rank(causal_map, findings)
    by_id = {finding.mechanism: finding for finding in findings}
    chances = marginal(ranking)
    alone = {r.mechanisms[0]: r.log_score for r in ranking if len(r.mechanisms) == 1}

    def order(id_: str) -> tuple[float, float]:
        # Of two that are about equally sure to be there, the one comes first that explains more by itself.
        return -round(chances[id_], 1), -alone.get(id_, -math.inf)

    best_first = sorted(chances, key=order)
    leader = ranking[0]
    # A pair names both of its members; they come before causes that only rank well alone.
    if len(leader.mechanisms) == 2 and leader.posterior > 0.4:
        best_first = [
            *sorted(leader.mechanisms, key=order),
            *(i for i in best_first if i not in leader.mechanisms),
        ]
    causes = tuple(
        _root_cause(causal_map, id_, chances[id_], by_id, ranking)
        for id_ in best_first[:5]
        if chances[id_] >= 0.02 or id_ in leader.mechanisms
    )
    nothing = next(r.posterior for r in ranking if r.name == NOTHING)
    off_map = next(r.posterior for r in ranking if r.name == OFF_MAP)
    looked = [
        by_id[s.id]
        for s in causal_map.of_kind(Kind.SYMPTOM)
        if s.id in by_id and by_id[s.id].state is not State.UNKNOWN
    ]
    ruled_out = tuple(f.mechanism for f in findings if f.state is State.ABSENT and f.strength <= -3.0)
    status, reason, missing = _decide(causes, nothing, off_map, looked, threshold, could_not_look)
    return Diagnosis(
        status=status,
        root_causes=causes if status is not Status.HEALTHY else (),
        ranking=ranking[:12],
        findings=tuple(findings),
        reason=reason,
        threshold=threshold,
        ruled_out=ruled_out,
        missing=missing,
        could_not_look=could_not_look,
    )


def _decide(
    causes: tuple[RootCause, ...],
    nothing: float,
    off_map: float,
    looked: list[Finding],
    threshold: float,
    could_not_look: tuple[CouldNotLook, ...],
) -> tuple[Status, str, tuple[str, ...]]:
    if causes and causes[0].posterior >= threshold and causes[0].evidence:
        return Status.ROOT_CAUSE_IDENTIFIED, f"{causes[0].title} ({causes[0].posterior:.0%})", ()
    wanted = tuple(f"{gap.what}: {gap.hint or gap.why}" for gap in could_not_look[:4])
    if nothing >= 0.5:
        if looked:
            return Status.HEALTHY, f"nothing is wrong ({nothing:.0%}): {looked[0].sentence}", ()
        return Status.UNKNOWN, "nothing could be seen of the service, so nothing can be said", wanted
    if off_map >= 0.4:
        return Status.UNKNOWN, f"something is wrong that is not on the map ({off_map:.0%})", wanted
    if causes and not causes[0].evidence and causes[0].posterior >= threshold:
        return (
            Status.UNKNOWN,
            f"only the report speaks for “{causes[0].title}”; nothing that was seen does",
            wanted,
        )
    if causes:
        names = ", ".join(f"{c.mechanism} ({c.posterior:.0%})" for c in causes[:3])
        return Status.UNKNOWN, f"no cause passed {threshold:.0%}; the closest are {names}", wanted
    return Status.UNKNOWN, "nothing that was found decides", wanted


def chain(causal_map: CausalMap, root: str, findings: Mapping[str, Finding]) -> tuple[str, ...]:
    """Return the most credible way from ``root`` down to a symptom, as ids, symptom last.

    Each edge is worth log(probability), and a node whose finding is present a bonus, one that is absent a malus.
    """
    best: dict[str, tuple[float, tuple[str, ...]]] = {}

    def walk(id_: str) -> tuple[float, tuple[str, ...]]:
        if id_ in best:
            return best[id_]
        node = causal_map[id_]
        found = findings.get(id_)
        here = 0.0
        if found is not None and found.state is State.PRESENT:
            here = _SEEN_BONUS + min(found.strength, 6.0) / 6
        elif found is not None and found.state is State.ABSENT:
            here = -_SEEN_BONUS
        options = [
            (score + math.log(edge.probability) + here, (id_, *way))
            for edge in node.causes
            for score, way in [walk(edge.effect)]
        ]
        ends = node.kind is Kind.SYMPTOM or not options
        best[id_] = (here, (id_,)) if ends else max(options)
        return best[id_]

    return walk(root)[1]


def _root_cause(
    causal_map: CausalMap,
    id_: str,
    posterior: float,
    findings: Mapping[str, Finding],
    ranking: Sequence[Ranked],
) -> RootCause:
    node = causal_map[id_]
    own = findings.get(id_)
    entry = next((r for r in ranking if r.mechanisms == (id_,)), None)
    reach = causal_map.reach(id_)
    explains = tuple(
        other
        for other, probability in reach.items()
        if other != id_ and probability > 0.1 and other in findings and findings[other].state is State.PRESENT
    )
    against = tuple(
        f"{causal_map[m].title}: {findings[m].sentence}" for m, _ in (entry.against if entry else ()) if m in findings
    )
    contributing = tuple(
        f.mechanism
        for f in findings.values()
        if f.state is State.PRESENT
        and f.mechanism not in reach
        and causal_map[f.mechanism].kind is Kind.CAUSE
        and f.strength >= 3
    )
    seen = own is not None and own.state is State.PRESENT
    return RootCause(
        mechanism=id_,
        title=node.title,
        layer=str(node.layer),
        posterior=posterior,
        summary=own.sentence if own is not None and seen else node.summary,
        whys=whys(causal_map, id_, findings),
        evidence=own.evidence if own is not None and seen else (),
        against=against,
        explains=explains,
        contributing=contributing,
        subject=dict(own.subject) if own is not None else {},
        remedies=tuple(remedy.title for remedy in node.remedies),
        would_refute=_would_refute(causal_map, node),
        prevention=node.prevention,
    )


def whys(causal_map: CausalMap, root: str, findings: Mapping[str, Finding]) -> tuple[Why, ...]:
    """Return the whys from the symptom up to ``root``, each with its evidence."""
    way = tuple(reversed(chain(causal_map, root, findings)))
    steps: list[Why] = []
    for effect, cause in pairwise(way):
        found = findings.get(cause)
        seen = found is not None and found.state is State.PRESENT
        title = causal_map[effect].title
        node = causal_map[cause]
        answer = f"{node.title}: {found.sentence}" if seen and found is not None else f"{node.title} ({node.summary})"
        steps.append(
            Why(
                question=f"Why: {title[0].lower()}{title[1:]}?",
                answer=answer,
                mechanism=cause,
                evidence=found.evidence if seen and found is not None else (),
                state="observed" if seen else "assumed",
            )
        )
    if len(way) == 1:
        node = causal_map[root]
        found = findings.get(root)
        steps.append(
            Why(
                question="Why was this reported?",
                answer=f"{node.title}: {found.sentence if found else node.summary}",
                mechanism=root,
                evidence=found.evidence if found else (),
                state="observed" if found is not None and found.state is State.PRESENT else "assumed",
            )
        )
    return tuple(steps)


def _would_refute(causal_map: CausalMap, node: Mechanism) -> str:
    expected = [causal_map[e.effect].title.lower() for e in node.causes if e.probability >= 0.8][:2]
    effect = f", or if “{expected[0]}” stayed after it is gone" if expected else ""
    return f"It would be refuted if it were not seen at a second look while the symptom lasts{effect}."
