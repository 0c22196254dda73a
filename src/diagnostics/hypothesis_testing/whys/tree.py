"""Findings + map -> the tree of whys: chain, forks, where the evidence stops, why nobody noticed, prevention (pure)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

from diagnostics.causal_map.graph import CausalMap
from diagnostics.hypothesis_testing.whys.walk import chain
from diagnostics.model.finding import NO_BASELINE, Baseline, Finding, State
from diagnostics.model.mechanism import Kind
from diagnostics.model.observation import Observations, Reading
from diagnostics.model.whys import Fork, Link, LinkState, Prevention, Unnoticed, WhyTree

#: A cause beside the chain counts as contributing from this strength (nats).
CONTRIBUTES = 3.0
#: A cause is ruled out from this strength.
RULED_OUT = -3.0
#: Forks that are shown for one node and role.
MOST_FORKS = 4
_STATES = {
    State.PRESENT: LinkState.OBSERVED,
    State.ABSENT: LinkState.CONTRADICTED,
    State.UNKNOWN: LinkState.ASSUMED,
}


def grow(
    causal_map: CausalMap,
    findings: Sequence[Finding],
    root: str | None = None,
    *,
    posteriors: Mapping[str, float] | None = None,
    observations: Observations | None = None,
    baseline: Baseline = NO_BASELINE,
    watched: Collection[str] | None = None,
) -> WhyTree:
    """Return the tree of whys.

    With a root cause the chain is the most credible way to it; without one it goes upstream along what is present, as
    far as that goes. A link without evidence stops the chain: what lies beyond it is shown and not claimed.

    Args:
        causal_map: The map.
        findings: At most one for each node.
        root: The root cause, where one was named.
        posteriors: Probability of causes, to say which open ones matter most.
        observations: What was read; evidence ids point into it.
        baseline: What was normal.
        watched: Mechanisms that checks and alerts look at; None when nobody knows.
    """
    by_id = {f.mechanism: f for f in findings if f.mechanism in causal_map}
    if root is not None:
        way = list(reversed(chain(causal_map, root, by_id)))
    else:
        way = _upstream(causal_map, by_id)
    if not way:
        return WhyTree(symptom="", symptom_title="", stop_reason="no symptom was seen, so there is nothing to explain")
    links, stops_at = _links(causal_map, way, by_id)
    forks = _forks(causal_map, way, by_id, posteriors or {})
    start = by_id.get(way[0])
    return WhyTree(
        symptom=way[0],
        symptom_title=causal_map[way[0]].title,
        symptom_evidence=start.evidence if start is not None and start.state is State.PRESENT else (),
        links=links,
        stops_at=stops_at,
        stop_reason=_why_it_stops(causal_map, way, links, stops_at, forks, root),
        forks=forks,
        unnoticed=_unnoticed(causal_map, way, by_id, observations, baseline, watched),
        prevention=_prevention(causal_map, way, by_id, forks),
    )


def would_carry(causal_map: CausalMap, id_: str, found: Finding | None) -> str:
    """Return which observation would show a mechanism: what its detector lacks, or how it is recognised."""
    if found is not None and found.state is State.UNKNOWN and found.sentence != "nothing was seen of it":
        return found.sentence
    node = causal_map[id_]
    return node.recognised_by.partition(";")[0].strip() or f"a look at “{node.title}”"


def _upstream(causal_map: CausalMap, by_id: Mapping[str, Finding]) -> list[str]:
    """Return the way from the clearest symptom upstream along what is present."""

    def present(id_: str) -> bool:
        return id_ in by_id and by_id[id_].state is State.PRESENT

    symptoms = [n.id for n in causal_map.of_kind(Kind.SYMPTOM) if present(n.id)]
    if not symptoms:
        return []
    way = [max(symptoms, key=lambda id_: (by_id[id_].strength, id_))]
    while True:
        open_ = [(edge.probability * by_id[p].strength, p) for p, edge in causal_map.parents(way[-1]) if present(p)]
        if not open_:
            return way
        way.append(max(open_)[1])


def _links(causal_map: CausalMap, way: Sequence[str], by_id: Mapping[str, Finding]) -> tuple[tuple[Link, ...], int]:
    links: list[Link] = []
    stops_at = 0
    for number, (effect, cause) in enumerate(pairwise(way), start=1):
        found = by_id.get(cause)
        state = _STATES[found.state] if found is not None else LinkState.ASSUMED
        if state is LinkState.OBSERVED and not (found is not None and found.evidence):
            state = LinkState.ASSUMED  # what nobody can show is no observation
        if state is not LinkState.OBSERVED and not stops_at:
            stops_at = number
        node, asked = causal_map[cause], causal_map[effect].title
        edge = next((e for e in node.causes if e.effect == effect), None)
        seen = found is not None and found.state is not State.UNKNOWN
        said = found.sentence if seen and found is not None else node.summary
        because = f"; {edge.because}" if edge is not None and edge.because else ""
        links.append(
            Link(
                question=f"Why: {asked[:1].lower()}{asked[1:]}?",
                answer=f"{node.title}: {said}{because}",
                effect=effect,
                mechanism=cause,
                state=state,
                evidence=found.evidence if seen and found is not None else (),
                would_carry="" if state is LinkState.OBSERVED else would_carry(causal_map, cause, found),
                carried=not stops_at,
            )
        )
    return tuple(links), stops_at


def _forks(
    causal_map: CausalMap, way: Sequence[str], by_id: Mapping[str, Finding], posteriors: Mapping[str, float]
) -> tuple[Fork, ...]:
    on_way = set(way)
    # What the root itself brings about is no other cause.
    explained = set(causal_map.reach(way[-1])) if len(way) > 1 else set()
    forks: list[Fork] = []
    told: set[str] = set()
    # Where it joins the chain farthest upstream: there it would take the place of what is beyond.
    for effect in reversed(way):
        by_role: dict[str, list[tuple[float, Fork]]] = {}
        for parent, edge in causal_map.parents(effect):
            found = by_id.get(parent)
            if parent in on_way or parent in explained or parent in told or found is None:
                continue
            role, weight = "", 0.0
            if found.state is State.PRESENT and found.strength >= CONTRIBUTES and found.evidence:
                role, weight = "contributing", found.strength * edge.probability
            elif found.state is State.ABSENT and found.strength <= RULED_OUT:
                role, weight = "ruled out", -found.strength * edge.probability
            elif found.state is State.UNKNOWN and posteriors.get(parent, 0.0) >= 0.02:
                role, weight = "open", posteriors[parent]
            if role:
                fork = Fork(
                    effect=effect,
                    mechanism=parent,
                    title=causal_map[parent].title,
                    role=role,
                    because=found.sentence,
                    evidence=found.evidence,
                )
                by_role.setdefault(role, []).append((weight, fork))
        for role in ("contributing", "open", "ruled out"):
            chosen = sorted(by_role.get(role, ()), key=lambda pair: (-pair[0], pair[1].mechanism))[:MOST_FORKS]
            forks += [fork for _, fork in chosen]
            told |= {fork.mechanism for _, fork in chosen}
    return tuple(forks)


def _why_it_stops(
    causal_map: CausalMap,
    way: Sequence[str],
    links: Sequence[Link],
    stops_at: int,
    forks: Sequence[Fork],
    root: str | None,
) -> str:
    if stops_at:
        link = links[stops_at - 1]
        title = causal_map[link.mechanism].title
        seen = "was looked for and not there" if link.state is LinkState.CONTRADICTED else "was not seen"
        return f"the evidence stops at why {stops_at}: “{title}” {seen}; it would be carried by: {link.would_carry}"
    if root is not None:
        return ""
    last = causal_map[way[-1]]
    if last.kind is Kind.CAUSE and links:
        return f"“{last.title}” is a cause that somebody can act on, but it did not pass the threshold"
    open_ = [f for f in forks if f.effect == way[-1] and f.role == "open"]
    if open_:
        wanted = "; ".join(f"“{f.title}” ({f.because})" for f in open_[:3])
        return f"nothing that was seen explains “{last.title}”; not looked at: {wanted}"
    return f"nothing that was seen explains “{last.title}”, and nothing that could be looked at is left"


def _unnoticed(
    causal_map: CausalMap,
    way: Sequence[str],
    by_id: Mapping[str, Finding],
    observations: Observations | None,
    baseline: Baseline,
    watched: Collection[str] | None,
) -> tuple[Unnoticed, ...]:
    """Say of each link that was seen now whether it could have been seen before, the most upstream first."""
    told = []
    for id_ in reversed(way[1:]):
        found = by_id.get(id_)
        if found is None or found.state is not State.PRESENT or not found.evidence:
            continue
        names, numbers, known = _readings(found, observations, baseline)
        is_watched = None if watched is None else id_ in watched
        had_baseline = None if not numbers else known
        title = causal_map[id_].title
        what = ", ".join(names[:3]) or f"“{title}”"
        showed = f", which showed “{title}” before" if names else " before"
        if is_watched:
            sentence = f"“{title}” is watched; the check was quiet, late or not heard: look at its limits and receivers"
        else:
            nobody = "nothing watched" if is_watched is False else "a check would have seen"
            sentence = f"{nobody} {what}{showed} users felt “{causal_map[way[0]].title}”"
            if is_watched is False:
                sentence += f"; `diagnose check {id_}` or `diagnose watch` looks at it"
        if had_baseline is False:
            sentence += "; what is normal for it was never recorded (`diagnose record`)"
        told.append(
            Unnoticed(
                mechanism=id_,
                title=title,
                readings=names,
                watched=is_watched,
                had_baseline=had_baseline,
                sentence=sentence,
            )
        )
    return tuple(told)


def _readings(
    found: Finding, observations: Observations | None, baseline: Baseline
) -> tuple[tuple[str, ...], bool, bool]:
    """Return the names of a finding's observations, whether any has a number, and whether it is known what is normal."""
    names: list[str] = []
    numbers = known = False
    for id_ in found.evidence:
        try:
            item = observations.by_id(id_) if observations is not None else None
        except KeyError:
            item = None
        if item is None:
            continue
        names.append(item.name)
        if isinstance(item, Reading):
            numbers = True
            known = known or baseline.of(item) is not None
    return tuple(dict.fromkeys(names)), numbers, known


def _prevention(
    causal_map: CausalMap, way: Sequence[str], by_id: Mapping[str, Finding], forks: Sequence[Fork]
) -> tuple[Prevention, ...]:
    """Return what prevents the causes that were seen: those of the chain, most upstream first, then the contributing."""
    seen = [id_ for id_ in reversed(way) if id_ in by_id and by_id[id_].state is State.PRESENT]
    beside = {f.mechanism: f.effect for f in forks if f.role == "contributing"}
    before = {cause: effect for effect, cause in pairwise(way)}
    return tuple(
        Prevention(
            mechanism=id_,
            title=causal_map[id_].title,
            sentence=causal_map[id_].prevention,
            breaks=before.get(id_) or beside.get(id_, ""),
        )
        for id_ in [*seen, *beside]
        if causal_map[id_].prevention
    )
