"""A session as plain values: the one model that terminal, Markdown, HTML and JSON are rendered from."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from diagnostics.model.diagnosis import Diagnosis, Status
from diagnostics.model.finding import State
from diagnostics.model.observation import Observations, Reading
from diagnostics.model.record import plain
from diagnostics.system_monitor.timeline import onset_in, timeline

if TYPE_CHECKING:
    from diagnostics.diagnostic_orchestrator.system import UltimateDiagnosticSystem

SCHEMA_VERSION = 1
#: Evidence beyond what is cited stays in the session; a report is read by people.
MOST_EVIDENCE = 60
#: Changes before the onset that the timeline shows, the closest.
MOST_CHANGES = 12


def performance_of(observations: Observations) -> dict[str, float]:
    """Return what users get, as measured: error rate and response times in milliseconds; only what was seen."""
    measured: dict[str, float] = {}
    requests = sum(r.value for r in observations.readings("log.access.requests", window="recent"))
    errors = sum(r.value for r in observations.readings("log.access.errors", window="recent"))
    if requests > 0:
        measured["error_rate"] = errors / requests
        measured["requests"] = requests
    latencies = [r.value for r in observations.readings("endpoint.latency")]
    p50 = observations.value("log.access.p50", None, window="recent")
    p95 = observations.value("log.access.p95", None, window="recent")
    if p50 is not None:
        measured["avg_response_time"] = p50 * 1000
    elif latencies:
        measured["avg_response_time"] = sum(latencies) / len(latencies) * 1000
    if p95 is not None:
        measured["p95_response_time"] = p95 * 1000
    return measured


def happened(observations: Observations) -> list[dict[str, str]]:
    """Return the onset and what changed before it, as events of the timeline; what cannot be the cause is left out."""
    onset = onset_in(observations)
    found = [
        item
        for item in timeline(observations, onset=onset)
        if item.at is not None and (item.before_onset is None or item.before_onset >= 0)
    ]
    events = [
        {"at": item.at.isoformat(), "what": item.what, "kind": item.kind} for item in found[:MOST_CHANGES] if item.at
    ]
    if onset is not None:
        events.append({"at": onset.isoformat(), "what": "From here on the logs show the trouble", "kind": "onset"})
    return events


def build(system: UltimateDiagnosticSystem) -> dict[str, Any]:
    """Return the comprehensive report; the keys of the specification are kept as they are."""
    diagnosis = system.diagnosis
    now = system.clock.now()
    done = sorted(system.results)
    implementation = system.results.get("phase_5")
    monitoring = system.results.get("phase_6")
    report: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "session_info": {
            "session_id": system.session_id,
            "project_name": system.project_name,
            "started_at": system.started_at.isoformat(),
            "duration_seconds": round((now - system.started_at).total_seconds(), 3),
            "problem_description": system.problem.description,
            "error_message": system.problem.error_message,
            "context": dict(system.problem.context),
        },
        "phases_completed": done,
        "verdict": _verdict(diagnosis),
        "triage": _triage(system),
        "timeline": [*happened(system.observations), *system.timeline],
        "root_cause": plain(diagnosis.root_cause) if diagnosis is not None and diagnosis.root_cause else None,
        "root_causes": [plain(c) for c in diagnosis.root_causes] if diagnosis is not None else [],
        "ruled_out": list(diagnosis.ruled_out) if diagnosis is not None else [],
        "hypotheses": _hypotheses(system),
        "why_tree": plain(system.results["phase_4"].why_tree) if "phase_4" in system.results else None,
        "user_answers": plain(system.results["phase_4"].user_answers) if "phase_4" in system.results else [],
        "evidence": _evidence(system, diagnosis),
        "findings": [plain(f) for f in system.findings if f.state is State.PRESENT],
        "implementation": plain(implementation) if implementation is not None else None,
        "solution": _solution(implementation),
        "monitoring": plain(monitoring) if monitoring is not None else None,
        "performance_impact": {"before_fix": dict(system.before), "after_fix": dict(system.after)},
        "success_metrics": {
            "diagnostic_completed": all(f"phase_{n}" in system.results for n in range(1, 5)),
            "root_cause_identified": diagnosis is not None and diagnosis.status is Status.ROOT_CAUSE_IDENTIFIED,
            "solution_implemented": implementation is not None and bool(implementation.success),
            "monitoring_completed": monitoring is not None and monitoring.state == "done",
        },
        "could_not_look": [plain(gap) for gap in system.could_not_look],
        "limitations": [f"{gap.what}: {gap.why}" for gap in system.could_not_look],
        "environment": {"python": platform.python_version(), "system": platform.platform(terse=True)},
        "diagnostic_results": {name: plain(result) for name, result in system.results.items()},
    }
    return report


def outcome(system: UltimateDiagnosticSystem, elapsed_seconds: float) -> dict[str, Any]:
    """Return the document that ``diagnose run --format json`` writes."""
    report = build(system)
    diagnosis = system.diagnosis
    return {
        "schema_version": SCHEMA_VERSION,
        "session_id": system.session_id,
        "status": str(diagnosis.status) if diagnosis is not None else "unknown",
        "reason": diagnosis.reason if diagnosis is not None else "phases 1 to 4 did not finish",
        "root_causes": report["root_causes"],
        "triage": report["triage"],
        "could_not_look": report["could_not_look"],
        "elapsed_seconds": round(elapsed_seconds, 3),
        "ruled_out": report["ruled_out"],
        "hypotheses": report["hypotheses"],
        "findings": report["findings"],
        "why_tree": report["why_tree"],
        "evidence": report["evidence"],
        "performance": dict(system.before),
        "timeline": report["timeline"],
    }


def _verdict(diagnosis: Diagnosis | None) -> dict[str, Any]:
    if diagnosis is None:
        return {
            "status": "unknown",
            "headline": "The diagnosis is not complete.",
            "posterior": 0.0,
            "would_refute": "",
        }
    cause = diagnosis.root_cause
    if cause is not None:
        return {
            "status": str(diagnosis.status),
            "headline": cause.title,
            "posterior": cause.posterior,
            "would_refute": cause.would_refute,
        }
    nothing = next((r.posterior for r in diagnosis.ranking if not r.mechanisms), 0.0)
    return {
        "status": str(diagnosis.status),
        "headline": diagnosis.reason,
        "posterior": nothing,
        "would_refute": "",
    }


def _triage(system: UltimateDiagnosticSystem) -> dict[str, Any]:
    result = system.results.get("phase_1")
    if result is None:
        return {}
    return {
        "category": str(result.category),
        "severity": str(result.severity),
        "priority": str(result.priority),
        "problem_type": str(result.problem_type),
        "reason": result.reason,
        "confidence": result.confidence,
        "root_cause_candidates": list(result.root_cause_candidates),
        "candidates": [plain(c) for c in result.candidates],
        "symptoms": list(result.symptoms),
        "elapsed_seconds": result.elapsed_seconds,
    }


def _hypotheses(system: UltimateDiagnosticSystem) -> list[dict[str, Any]]:
    result = system.results.get("phase_3")
    if result is None:
        return []
    return [
        {
            "mechanism": h.hypothesis,
            "title": h.title,
            "verdict": h.verdict,
            "posterior": h.posterior,
            "reason": h.reason,
            "predicted": list(h.seen),
            "against": list(h.missing),
            "unseen": list(h.unseen),
            "tested_by": h.tested_by,
        }
        for h in result.hypothesis_results
    ]


def _evidence(system: UltimateDiagnosticSystem, diagnosis: Diagnosis | None) -> list[dict[str, Any]]:
    cited: dict[str, None] = {}
    if diagnosis is not None:
        for cause in diagnosis.root_causes:
            cited.update(dict.fromkeys(cause.evidence))
            for why in cause.whys:
                cited.update(dict.fromkeys(why.evidence))
    for finding in system.findings:
        if finding.state is State.PRESENT:
            cited.update(dict.fromkeys(finding.evidence))
    rows: list[dict[str, Any]] = []
    for id_ in list(cited)[:MOST_EVIDENCE]:
        try:
            item = system.observations.by_id(id_)
        except KeyError:
            continue
        row: dict[str, Any] = {
            "id": id_,
            "name": item.name,
            "at": item.at.isoformat(timespec="milliseconds"),
            "labels": dict(item.labels),
            "source": item.source,
        }
        if isinstance(item, Reading):
            normal = system.baseline.of(item)
            row |= {
                "value": item.value,
                "unit": str(item.unit),
                "baseline": normal.median if normal else None,
            }
        else:
            row |= {"value": None, "unit": "", "failure": f"{item.kind}: {item.message}", "baseline": None}
        rows.append(row)
    return rows


def _solution(implementation: Any) -> dict[str, Any] | None:
    if implementation is None:
        return None
    assessment: Mapping[str, Any] = implementation.assessment
    return {
        "title": implementation.solution_description,
        "risk_level": assessment.get("risk_level", ""),
        "reasons": assessment.get("reasons", []),
        "plan": assessment.get("plan") or assessment.get("testing_requirements", []),
        "backup": implementation.implementation_result.get("backup_id", ""),
        "verification": implementation.implementation_result.get("verification"),
        "override": dict(implementation.override) if implementation.override else None,
    }
