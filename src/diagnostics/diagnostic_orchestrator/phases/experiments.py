"""Phase 3, where causes are close: look again, longer, and only where it can separate them. Reading only, bounded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from diagnostics.causal_map.graph import CausalMap
from diagnostics.causal_map.signatures import match_line
from diagnostics.hypothesis_testing.experiments import Experiment, Valued, best_first
from diagnostics.model.diagnosis import Ranked
from diagnostics.model.finding import Baseline, Evidence, Finding, State
from diagnostics.model.observation import Observations, ProbeFailure, Reading
from diagnostics.model.target import Target
from diagnostics.plugins.protocols import Probe
from diagnostics.runtime.clock import Clock
from diagnostics.system_monitor.runner import look, probes_for

#: A second look lasts twice as long as the first.
WINDOW_SECONDS = 4.0
#: Looks that are expected to teach less than this (nats) are not worth the load on a sick system.
WORTH = 0.02
#: What a probe sees, by the beginning of its name, where that is not the beginning of what it reads.
_SEES: dict[str, tuple[str, ...]] = {
    "postgres": ("postgres.",),
    "process.stack": ("process.stack",),
    "stacks": ("process.stack",),
    "process": ("process.", "cgroup."),
    "host": ("host.", "cgroup."),
    "service": ("service.",),
    "endpoint": ("endpoint.",),
    "log": ("log.",),
}


class _Asked(Observations):
    """Observations that note which names somebody asks for."""

    __slots__ = ("names_asked",)

    def __init__(self, seen: Observations) -> None:
        super().__init__(seen)
        self.names_asked: set[str] = set()

    def indexed(self, name: str, /, **labels: str) -> list[tuple[str, Reading]]:
        self.names_asked.add(name)
        return super().indexed(name, **labels)

    def failures(self, name: str, /, **labels: str) -> list[tuple[str, ProbeFailure]]:
        self.names_asked.add(name)
        return super().failures(name, **labels)


def what_nodes_ask(causal_map: CausalMap, evidence: Evidence) -> dict[str, frozenset[str]]:
    """Return for each node the names of the observations that its detector asks for, found by running it."""
    asked: dict[str, frozenset[str]] = {}
    for node in causal_map:
        if node.detect is not None:
            noting = _Asked(evidence.observations)
            node.detect(replace(evidence, observations=noting))
            asked[node.id] = frozenset(noting.names_asked)
    return asked


def second_look(
    causal_map: CausalMap,
    ranking: Sequence[Ranked],
    findings: Sequence[Finding],
    evidence: Evidence,
    target: Target,
    *,
    baseline: Baseline,
    clock: Clock,
    deadline_seconds: float,
) -> tuple[Observations, tuple[str, ...]]:
    """Run the probes that are expected to separate what is close once more, over a longer window; fresh readings replace the old.

    They run side by side, so that the longest of them is what all of them cost.
    """
    first = evidence.observations
    if deadline_seconds < 1.0:
        return first, ()
    probes = list(probes_for(target, baseline=baseline, window_seconds=WINDOW_SECONDS, classify_line=match_line))
    asked = what_nodes_ask(causal_map, evidence)
    chosen = [
        (probe, valued)
        for probe, valued in _valued(causal_map, ranking, findings, probes, asked)
        if valued.gain >= WORTH
    ]
    if not chosen:
        return first, ()
    again = look([probe for probe, _ in chosen], clock=clock, deadline_seconds=deadline_seconds)
    fresh = again.names()
    kept = Observations(o for o in first if o.name not in fresh)
    close = ", ".join(r.name for r in ranking[:3])
    return kept + again, tuple(
        f"looked again at {probe.name} (expected to teach {valued.gain:.2f} nats) to separate {close}"
        for probe, valued in chosen
    )


def _valued(
    causal_map: CausalMap,
    ranking: Sequence[Ranked],
    findings: Sequence[Finding],
    probes: Sequence[Probe],
    asked: dict[str, frozenset[str]],
) -> Iterator[tuple[Probe, Valued]]:
    by_name = {str(probe.name): probe for probe in probes}
    experiments = [
        Experiment(name=name, seconds=WINDOW_SECONDS, informs=_informed(name, asked)) for name in by_name if _sees(name)
    ]
    for valued in best_first(causal_map, ranking, findings, experiments):
        yield by_name[valued.experiment.name], valued


def _informed(probe: str, asked: dict[str, frozenset[str]]) -> frozenset[str]:
    return frozenset(id_ for id_, names in asked.items() if any(name.startswith(_sees(probe)) for name in names))


def _sees(probe: str) -> tuple[str, ...]:
    return next((seen for start, seen in _SEES.items() if probe.startswith(start)), ())


def explain_scans(
    target: Target, observations: Observations, findings: Sequence[Finding], *, clock: Clock
) -> tuple[Observations, tuple[str, ...]]:
    """Plan (never run) the statement that scans a big table, to see whether an index would serve it and on which columns."""
    found = next((f for f in findings if f.mechanism == "missing-index-seq-scan" and f.state is State.PRESENT), None)
    if found is None or not found.subject.get("queryid") or target.database_url is None:
        return observations, ()
    from diagnostics.system_monitor.postgres.experiments import explain

    query = found.subject["query"]
    seen = explain(target.database_url, query, queryid=found.subject["queryid"], clock=clock)
    kept = [o for o in seen if o.name.startswith("postgres.explain")]
    return observations + kept, (
        f"EXPLAIN of the statement that scans {found.subject.get('table', 'a table')}",
    ) if kept else ()
