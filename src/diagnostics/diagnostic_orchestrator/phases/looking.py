"""Phase 2: run the probes for a target and turn what they saw into findings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from diagnostics.causal_map.graph import CausalMap
from diagnostics.causal_map.signatures import match_line
from diagnostics.hypothesis_testing.hypothesis import Look
from diagnostics.model.diagnosis import CouldNotLook
from diagnostics.model.finding import Baseline, Evidence, Finding, State
from diagnostics.model.mechanism import Kind
from diagnostics.model.observation import Observations
from diagnostics.model.problem import Category, Problem, Triage
from diagnostics.model.target import Target
from diagnostics.plugins import registry
from diagnostics.runtime.clock import Clock
from diagnostics.system_monitor.examine import examine, signature_matches
from diagnostics.system_monitor.runner import could_not_look, look, probes_for

#: People report what hurts: a symptom that the report names is a little more likely than one that it does not.
REPORTED_SYMPTOM = 1.0


def observe(
    target: Target,
    *,
    engine: Any,
    baseline: Baseline,
    clock: Clock,
    deadline_seconds: float,
    window_seconds: float,
) -> Observations:
    """Run all probes side by side; add what only the inside knows (the engine's pool)."""
    probes = list(probes_for(target, baseline=baseline, window_seconds=window_seconds, classify_line=match_line))
    probes.extend(registry.probes(target))
    if engine is not None:
        from diagnostics.system_monitor.postgres.pool import PoolProbe

        probes.append(PoolProbe(engine=engine))
    return look(probes, clock=clock, deadline_seconds=deadline_seconds)


def look_once(
    target: Target, *, causal_map: CausalMap, baseline: Baseline, clock: Clock, deadline_seconds: float
) -> Look:
    """Return what one look at a target gives, without a report to lean on."""
    seen = observe(
        target,
        engine=None,
        baseline=baseline,
        clock=clock,
        deadline_seconds=deadline_seconds,
        window_seconds=min(2.0, deadline_seconds / 2),
    )
    evidence = evidence_of(seen, problem=Problem(), triage=None, baseline=baseline, now=clock.now())
    return Look(observations=seen, findings=findings_of(causal_map, evidence, None))


def evidence_of(
    observations: Observations, *, problem: Problem, triage: Triage | None, baseline: Baseline, now: datetime
) -> Evidence:
    """Return all that detectors may look at."""
    return Evidence(
        observations=observations,
        problem=problem,
        baseline=baseline,
        signatures=signature_matches(observations, triage),
        now=now,
    )


def findings_of(causal_map: CausalMap, evidence: Evidence, triage: Triage | None) -> tuple[Finding, ...]:
    """Return the findings, with the reported symptoms leaning towards present."""
    found = examine(causal_map, evidence)
    if triage is None or triage.category is Category.BENIGN:
        return found
    return tuple(_lean(causal_map, finding, triage.symptoms) for finding in found)


def _lean(causal_map: CausalMap, finding: Finding, reported: Sequence[str]) -> Finding:
    if finding.mechanism not in reported or causal_map[finding.mechanism].kind is not Kind.SYMPTOM:
        return finding
    if finding.state is State.UNKNOWN:
        return Finding(
            mechanism=finding.mechanism,
            state=State.PRESENT,
            strength=REPORTED_SYMPTOM,
            sentence="it was reported; nobody could look",
            evidence=finding.evidence,
        )
    return finding


def gaps(target: Target, observations: Observations) -> tuple[CouldNotLook, ...]:
    """Return what was not given or could not be read."""
    return tuple(
        CouldNotLook(what=what, why=why, hint=hint) for what, why, hint in could_not_look(target, observations)
    )
