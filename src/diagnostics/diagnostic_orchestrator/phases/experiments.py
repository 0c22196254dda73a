"""Phase 3, where two causes are close: look again, longer and only where it can separate them. Reading only, bounded."""

from __future__ import annotations

from collections.abc import Sequence

from diagnostics.causal_map.graph import CausalMap
from diagnostics.causal_map.signatures import match_line
from diagnostics.model.finding import Baseline, Finding, State
from diagnostics.model.mechanism import Layer
from diagnostics.model.observation import Observations
from diagnostics.model.target import Target
from diagnostics.runtime.clock import Clock
from diagnostics.system_monitor.runner import look, probes_for

#: Probes (by the beginning of their name) whose second reading can separate causes of a layer.
_BY_LAYER: dict[Layer, tuple[str, ...]] = {
    Layer.DATABASE: ("postgres", "process.stack", "stacks"),
    Layer.PROCESS: ("process", "stacks", "endpoint"),
    Layer.CODE: ("process", "stacks", "log", "postgres"),
    Layer.HOST: ("host", "process"),
    Layer.TRAFFIC: ("log", "process"),
    Layer.CONFIGURATION: ("postgres", "stacks", "process"),
    Layer.DEPLOY: ("log", "postgres"),
    Layer.SERVICE: ("service", "stacks", "log"),
    Layer.NETWORK: ("service",),
    Layer.CREDENTIALS: ("service", "log"),
    Layer.DATA: ("log",),
    Layer.CACHE: ("log",),
}


def second_look(
    causal_map: CausalMap,
    close: Sequence[str],
    target: Target,
    first: Observations,
    *,
    baseline: Baseline,
    clock: Clock,
    deadline_seconds: float,
) -> tuple[Observations, tuple[str, ...]]:
    """Run the probes that can separate ``close`` once more over a window twice as long; fresh readings replace the old ones."""
    wanted = tuple(dict.fromkeys(prefix for id_ in close for prefix in _BY_LAYER.get(causal_map[id_].layer, ())))
    probes = [
        probe
        for probe in probes_for(target, baseline=baseline, window_seconds=4.0, classify_line=match_line)
        if probe.name.startswith(wanted)
    ]
    if not probes or deadline_seconds < 1.0:
        return first, ()
    again = look(probes, clock=clock, deadline_seconds=deadline_seconds)
    fresh = again.names()
    kept = Observations(o for o in first if o.name not in fresh)
    return kept + again, tuple(f"looked again at {probe.name} to separate {', '.join(close[:3])}" for probe in probes)


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
